import { isUtf8 } from 'node:buffer';
import { jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { SECRET_ENTRY } from '../keys/records.ts';
import { PayloadStore } from '../payloads/payload-store.ts';
import { replay, streamEnds, type StoredDelivery } from '../read/replay.ts';
import { KEY_BUCKET, STREAM } from '../topology/names.ts';
import { orUnavailable } from '../unavailable.ts';
import { encodeLine, ORIGIN_HEADER, type EventLine, type TransferCounts } from './lines.ts';

export interface ExportOptions {
  /** Told after each step; `total` is the number of events. */
  readonly onProgress?: (counts: Readonly<TransferCounts>, total: number) => void;
}

/**
 * The whole history of a log as text, in pieces of whole lines; what is published meanwhile is not in it. Beside the
 * events there are the payloads that they refer to and the API keys as hashes, with the secret of the hashes where none was
 * configured: whoever has the file can read all sessions.
 * @throws AppError UNAVAILABLE
 */
export async function* exportLog(nc: NatsConnection, { onProgress }: ExportOptions = {}): AsyncGenerator<string> {
  const { last, messages } = await streamEnds(nc);
  const counts: TransferCounts = { keys: 0, payloads: 0, events: 0 };
  yield encodeLine({
    format: 'opensync-log',
    version: 1,
    source: await sourceOf(nc),
    exportedAt: new Date().toISOString(),
    events: messages,
  });
  const bucket = await orUnavailable(nc, () => new Kvm(nc).open(KEY_BUCKET));
  const entries = await orUnavailable(nc, async () => Array.fromAsync(await bucket.keys()));
  // The secret first: without it the hashes after it are of no use, and an import can say so before it takes any.
  for (const entry of entries.sort((a, b) => Number(b === SECRET_ENTRY) - Number(a === SECRET_ENTRY))) {
    const stored = await orUnavailable(nc, () => bucket.get(entry));
    if (stored?.operation !== 'PUT') continue;
    yield encodeLine({ kind: 'key', entry, value: stored.json() });
    counts.keys++;
  }
  const payloads = new PayloadStore(nc);
  for (const { scope, sha256 } of await payloads.list()) {
    const content = Buffer.from(await payloads.whole(scope, sha256));
    const owner = scope === 'unscoped' ? {} : { owner: scope };
    yield encodeLine({ kind: 'payload', ...owner, sha256, base64: content.toString('base64') });
    counts.payloads++;
    onProgress?.(counts, messages);
  }
  for await (const batch of replay(nc, { from: 1, to: last })) {
    yield batch.map((event) => encodeLine(lineOf(event))).join('');
    counts.events += batch.length;
    onProgress?.(counts, messages);
  }
  yield encodeLine({ kind: 'end', ...counts });
}

/** Two logs are never created in the same nanosecond on purpose, and one keeps its creation time for life. */
async function sourceOf(nc: NatsConnection): Promise<string> {
  return orUnavailable(nc, async () => {
    const manager = await jetstreamManager(nc, { checkAPI: false });
    return (await manager.streams.info(STREAM.events)).created;
  });
}

function lineOf({ sequence, subject, headers, data }: StoredDelivery): EventLine {
  const lines: [string, string][] = [];
  for (const [name, values] of headers ?? []) {
    // What begins with Nats- was an instruction to that server. Where an event comes from, its last import says.
    if (name.startsWith('Nats-') || name === ORIGIN_HEADER) continue;
    for (const value of values) lines.push([name, value]);
  }
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const content = isUtf8(bytes) ? { body: bytes.toString('utf8') } : { base64: bytes.toString('base64') };
  return { kind: 'event', sequence, subject, headers: lines, ...content };
}
