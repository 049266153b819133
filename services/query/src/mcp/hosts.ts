import { isIP } from 'node:net';
import { AppError } from '@opensync/platform';

/**
 * Refuses requests that a web page makes on its own: by a name that it points to this server (DNS rebinding), or from an
 * origin that nobody allowed. A name of this machine and an address are not such names, and clients that are no browsers send no Origin.
 * @throws AppError FORBIDDEN
 */
export function assertTrustedHost(
  { host, origin }: { readonly host?: string | undefined; readonly origin?: string | undefined },
  allowed: readonly string[],
): void {
  const refuse = (header: string, name: string) =>
    new AppError('FORBIDDEN', `The ${header} ${name} may not use MCP here; add its host name to OPENSYNC_MCP_HOSTS`);
  const name = hostNameOf(`http://${host ?? ''}`);
  if (name === undefined || !(isIP(name) > 0 || isLocal(name) || allowed.includes(name)))
    throw refuse('host', host ?? '');
  if (origin === undefined) return;
  const from = hostNameOf(origin);
  if (from === undefined || !(isLocal(from) || allowed.includes(from))) throw refuse('origin', origin);
}

/** In lower case, without port and brackets. */
function hostNameOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).hostname.replace(/^\[|\]$/g, '') : undefined;
}

function isLocal(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost') || name === '127.0.0.1' || name === '::1';
}
