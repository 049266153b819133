import { EncryptJWT, jwtDecrypt } from 'jose';
import { z } from 'zod';
import { PROVIDERS, type Challenge, type ProviderId } from './provider.ts';

/** How long a person may take at the provider. */
export const FLOW_SECONDS = 10 * 60;
const COOKIE = '__Host-opensync-flow';
const LONGEST_COOKIE = 4_000;
const HEADER = { alg: 'dir', enc: 'A256GCM' } as const;

const flowSchema = z.object({
  provider: z.enum(PROVIDERS),
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  redirectUri: z.string(),
  /** Where the person continues: a path of this server. */
  next: z.string(),
  invitation: z.string().optional(),
  /** The login of the user who connects another way to log in, instead of logging in. */
  connects: z.string().optional(),
});

/** A login that a browser has begun at a provider. Only that browser holds it, encrypted, and only for a few minutes. */
export interface Flow extends Challenge {
  readonly provider: ProviderId;
  readonly next: string;
  readonly invitation?: string | undefined;
  readonly connects?: string | undefined;
}

/** `Set-Cookie` of a flow. @param key of 256 bits, the same for every gateway */
export async function flowCookie(flow: Flow, key: Uint8Array): Promise<string> {
  const sealed = await new EncryptJWT({ flow })
    .setProtectedHeader(HEADER)
    .setExpirationTime(`${FLOW_SECONDS}s`)
    .encrypt(key);
  return cookieOf(sealed, FLOW_SECONDS);
}

/** `Set-Cookie` that ends a flow. */
export const ENDED_FLOW = cookieOf('', 0);

/** The flow of a request's cookie; undefined if it has none, or an expired or a forged one. */
export async function flowOf(cookies: string | undefined, key: Uint8Array): Promise<Flow | undefined> {
  const values = (cookies ?? '').split(';').flatMap((pair) => {
    const at = pair.indexOf('=');
    return pair.slice(0, at).trim() === COOKIE ? [pair.slice(at + 1).trim()] : [];
  });
  const [sealed = ''] = values;
  if (values.length !== 1 || sealed === '' || sealed.length > LONGEST_COOKIE) return undefined;
  try {
    const options = { keyManagementAlgorithms: [HEADER.alg], contentEncryptionAlgorithms: [HEADER.enc] };
    const { payload } = await jwtDecrypt(sealed, key, { ...options, requiredClaims: ['exp'] });
    return flowSchema.parse(payload['flow']);
  } catch {
    return undefined;
  }
}

function cookieOf(value: string, seconds: number): string {
  // Lax: the provider sends the browser back, which is a navigation from another site.
  return `${COOKIE}=${value}; Path=/; Max-Age=${seconds}; Secure; HttpOnly; SameSite=Lax`;
}
