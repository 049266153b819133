import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

/** How old a webhook may be, and how far ahead the clock of WorkOS. */
export const REPLAY_WINDOW_MS = 3 * 60_000;
const LONGEST_HEADER = 500;

/** The parts that we use; `data` is that of the object that changed. */
const eventSchema = z.object({
  id: z.string().max(200),
  event: z.string().max(200),
  data: z.looseObject({ id: z.string().max(200), user_id: z.string().max(200).optional() }),
});
export type WorkosEvent = z.infer<typeof eventSchema>;

/**
 * Whether WorkOS has signed these bytes lately: HMAC-SHA256 of the time and the body, with the secret of the webhook. Pure.
 * @param header `t=<milliseconds>, v1=<hexadecimal>`
 */
export function isSigned(
  body: Uint8Array,
  { header, secret, now }: { readonly header: unknown; readonly secret: string; readonly now: number },
): boolean {
  if (typeof header !== 'string' || header.length > LONGEST_HEADER) return false;
  const found = /^\s*t=(\d{1,16})\s*,\s*v1=([\da-f]{64})\s*$/i.exec(header);
  if (!found) return false;
  const [, time, signature] = found as unknown as [string, string, string];
  if (Math.abs(now - Number(time)) > REPLAY_WINDOW_MS) return false;
  const expected = createHmac('sha256', secret).update(`${time}.`).update(body).digest();
  return timingSafeEqual(expected, Buffer.from(signature, 'hex'));
}

/** Undefined for what is no event of WorkOS. */
export function parseEvent(body: unknown): WorkosEvent | undefined {
  return eventSchema.safeParse(body).data;
}

/** What to look at again after an event; undefined for events that change nothing here. Pure. */
export function subjectOf({
  event,
  data,
}: WorkosEvent): { readonly kind: 'person' | 'organization' | 'session'; readonly id: string } | undefined {
  if (/^user\.(created|updated|deleted)$/.test(event)) return { kind: 'person', id: data.id };
  if (/^organization_membership\./.test(event) && data.user_id !== undefined)
    return { kind: 'person', id: data.user_id };
  if (/^organization\.(updated|deleted)$/.test(event)) return { kind: 'organization', id: data.id };
  if (event === 'session.revoked') return { kind: 'session', id: data.id };
  return undefined;
}
