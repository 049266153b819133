import type { FastifyReply } from 'fastify';
import type { ConsoleFiles } from './files.ts';

/**
 * What the pages of the console may load and do: their own files and this server, no inline script or style, no other origin.
 * Only these makers of HTML and script addresses may exist: Svelte's templates, the sanitizer, and the console's own workers.
 */
const CONSOLE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types svelte-trusted-html dompurify opensync-worker',
].join('; ');

/** Answers with the page of the console. The rest is up to its script. */
export function sendConsole(reply: FastifyReply, { index }: Pick<ConsoleFiles, 'index'>): void {
  void reply
    .type('text/html; charset=utf-8')
    .header('content-security-policy', CONSOLE_POLICY)
    .header('cross-origin-opener-policy', 'same-origin')
    .header('permissions-policy', 'camera=(), geolocation=(), microphone=()')
    .send(index);
}
