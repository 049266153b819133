import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { AppError } from '@opensync/platform';
import { STREAM } from '../topology/names.ts';

/**
 * Makes the first event of a call stand for its whole request: no other request can store anything under the same id
 * within the duplicate window. The stream decides which request was first, for all replicas alike; nothing is kept anywhere
 * else.
 */
export interface Claim {
  /** What a client names its request by, made unique over all owners. */
  readonly id: string;
  /** Of all that the request says: the same for a repetition, and for nothing else. */
  readonly fingerprint: string;
}

/** On the first event of a claimed request: its fingerprint. */
export const CLAIM_HEADER = 'Osk-Request';

/** A client waits for the answer. */
const TIMEOUT_MS = 2_000;

/**
 * Whether the event at this sequence is the first one of the request with this fingerprint. Asks the leader: a replica may
 * not have it yet.
 */
export async function isOfRequest(nc: NatsConnection, sequence: number, fingerprint: string): Promise<boolean> {
  const { streams } = await jetstreamManager(nc, { checkAPI: false, timeout: TIMEOUT_MS });
  const stored = await streams.getMessage(STREAM.events, { seq: sequence });
  return stored?.header.get(CLAIM_HEADER) === fingerprint;
}

export function claimConflict(): AppError {
  const message = 'was used for a request that said something else; use another one for each request';
  return new AppError('CONFLICT', `This Idempotency-Key ${message}`, {
    details: [{ path: 'Idempotency-Key', message }],
  });
}
