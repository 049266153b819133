import { jetstreamManager } from '@nats-io/jetstream';
import { HEADER } from '@opensync/contracts';
import { AppError } from '@opensync/platform';
import type { LogConnection } from '../connection.ts';
import { STREAM } from '../topology/names.ts';

/**
 * Makes the first event of a call represent its whole request: no other request can store anything under the same id
 * within the duplicate window. The stream decides which request was first, for all replicas; no other state is kept.
 */
export interface Claim {
  /** The client's name of the request, unique over all owners. */
  readonly id: string;
  /** Fingerprint of the request: equal for a repetition, and for nothing else. */
  readonly fingerprint: string;
}

/** On the first event of a claimed request: its fingerprint. */
export const CLAIM_HEADER = 'Osk-Request';

/** A client waits for the answer. */
const TIMEOUT_MS = 2_000;

/** Whether the event at this sequence is the first one of the request with this fingerprint. */
export async function isOfRequest(nc: LogConnection, sequence: number, fingerprint: string): Promise<boolean> {
  return (await headerAt(nc, sequence, CLAIM_HEADER)) === fingerprint;
}

/** Whether the event at this sequence is the one with this id. */
export async function isStoredAt(nc: LogConnection, sequence: number, id: string): Promise<boolean> {
  return (await headerAt(nc, sequence, HEADER.id)) === id;
}

/** From the leader: a replica may not have the event yet. */
async function headerAt(nc: LogConnection, sequence: number, name: string): Promise<string | undefined> {
  const { streams } = await jetstreamManager(nc, { checkAPI: false, timeout: TIMEOUT_MS });
  return (await streams.getMessage(STREAM.events, { seq: sequence }))?.header.get(name);
}

export function claimConflict(): AppError {
  const message = 'was used for a request that said something else; use another one for each request';
  return new AppError('CONFLICT', `This Idempotency-Key ${message}`, {
    details: [{ path: 'Idempotency-Key', message }],
  });
}
