import { createHmac } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { publicAddress, resolveHost, type Address, type Resolve } from './addresses.ts';

export interface WebhookTarget {
  readonly url: string;
  /** Signs the requests. */
  readonly secret: string;
}
export interface WebhookContext {
  /** The same for each attempt to deliver the same thing. */
  readonly key: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Hosts of the operator that may be private, and without TLS. */
  readonly privateHosts: readonly string[];
  /** For tests. */
  readonly resolve?: Resolve;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 5000;
const MOST_BYTES = 64 * 1024;
const MOST_REDIRECTS = 3;

/**
 * Posts JSON to a webhook. Messages of errors name the host alone: the path of a webhook is its password.
 * @throws Error
 */
export async function postWebhook(
  { url, secret }: WebhookTarget,
  payload: object,
  { key, now, privateHosts, resolve = resolveHost, timeoutMs = TIMEOUT_MS }: WebhookContext,
): Promise<void> {
  const body = Buffer.from(JSON.stringify(payload));
  if (body.length > MOST_BYTES) throw new Error('the summary is too large for a webhook');
  const time = Math.floor(now / 1000);
  const signature = createHmac('sha256', secret).update(`${time}.`).update(body).digest('hex');
  const headers = {
    'content-type': 'application/json',
    'content-length': body.length,
    'user-agent': 'opensync',
    'idempotency-key': key,
    'osk-signature': `t=${time},v1=${signature}`,
  };
  const signal = AbortSignal.timeout(timeoutMs);
  let target = new URL(url);
  for (let redirects = 0; ; redirects++) {
    const isOwn = privateHosts.includes(target.hostname.toLowerCase());
    if (target.protocol !== 'https:' && !(isOwn && target.protocol === 'http:')) {
      throw new Error(`${target.hostname} is not reached with https`);
    }
    const address = isOwn ? undefined : await orTimeout(publicAddress(target.hostname, resolve), signal, target);
    const { status, location } = await send(target, { address, headers, body, signal });
    if (status >= 200 && status < 300) return;
    const isRedirect = (status === 307 || status === 308) && location !== undefined;
    if (!isRedirect || redirects === MOST_REDIRECTS || !URL.canParse(location, target.href)) {
      throw new Error(`${target.hostname} answered ${status}`);
    }
    target = new URL(location, target);
  }
}

async function orTimeout<Result>(work: Promise<Result>, signal: AbortSignal, { hostname }: URL): Promise<Result> {
  const late = Promise.withResolvers<never>();
  const onAbort = () => late.reject(new Error(`${hostname} did not answer in time`));
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

interface Sent {
  readonly status: number;
  readonly location: string | undefined;
}

function send(
  target: URL,
  {
    address,
    headers,
    body,
    signal,
  }: { address: Address | undefined; headers: Record<string, string | number>; body: Buffer; signal: AbortSignal },
): Promise<Sent> {
  const { promise, resolve, reject } = Promise.withResolvers<Sent>();
  const fail = (reason: string) => reject(new Error(`${target.hostname} ${reason}`));
  const start = target.protocol === 'https:' ? httpsRequest : httpRequest;
  const request = start(target, {
    ...{ method: 'POST', headers, agent: false, signal },
    ...(address && { lookup: pinned(address) }),
  });
  request.once('error', (error: NodeJS.ErrnoException) =>
    fail(signal.aborted ? 'did not answer in time' : `cannot be reached: ${error.code ?? error.name}`),
  );
  request.once('response', (response) => {
    const { statusCode = 0, headers: answered } = response;
    let bytes = 0;
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MOST_BYTES) {
        fail('answers too much');
        request.destroy();
      }
    });
    response.once('end', () => resolve({ status: statusCode, location: answered.location }));
    response.once('error', () => fail('broke off its answer'));
  });
  request.end(body);
  return promise;
}

function pinned({ address, family }: Address): LookupFunction {
  return (_host, options, done) => {
    if (options.all) done(null, [{ address, family }]);
    else done(null, address, family);
  };
}
