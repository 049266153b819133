import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { jetstreamManager } from '@nats-io/jetstream';
import { parsePayloadSubject, PAYLOAD_SUBJECTS, type PayloadScope } from '@opensync/contracts';
import type { LogConnection } from '../connection.ts';
import { openBucket } from '../bucket.ts';
import { SECRET_ENTRY } from '../keys/records.ts';
import { PayloadLostError } from '../payloads/lost.ts';
import { PayloadStore } from '../payloads/payload-store.ts';
import { replay, streamEnds, type StoredDelivery } from '../read/replay.ts';
import { KEY_BUCKET, STREAM } from '../topology/names.ts';
import { orUnavailable } from '../unavailable.ts';
import { encodeLine, NO_COUNTS, ORIGIN_HEADER, type EventLine, type TransferCounts } from './lines.ts';

export interface ExportOptions {
  /** The first sequence of the events; default 1. */
  readonly from?: number;
  /** The last one; default: the end of the log. */
  readonly to?: number;
  /** Only payloads that were stored at this sequence of their stream or later; default: all. */
  readonly payloadsFrom?: number;
  /** Called after each step; `total` is the number of events. */
  readonly onProgress?: (counts: Readonly<TransferCounts>, total: number) => void;
}

/**
 * The whole history of a log as text, in pieces of whole lines, without events that are published meanwhile. It
 * includes the payloads that events refer to, and the API keys as hashes, with the secret of the hashes if none was
 * configured: the file gives access to all sessions. A lost payload leaves a line that says so.
 * @throws AppError UNAVAILABLE
 */
export async function* exportLog(
  nc: LogConnection,
  { from = 1, to, payloadsFrom = 1, onProgress }: ExportOptions = {},
): AsyncGenerator<string> {
  const ends = await streamEnds(nc);
  const last = to ?? ends.last;
  const messages = from === 1 ? ends.messages : Math.max(0, last - from + 1);
  const counts: TransferCounts = { ...NO_COUNTS };
  const digest = createHash('sha256');
  const encoded = (line: Parameters<typeof encodeLine>[0]) => {
    const text = encodeLine(line);
    digest.update(text);
    return text;
  };
  yield encoded({
    format: 'opensync-log',
    version: 1,
    source: await sourceOf(nc),
    exportedAt: new Date().toISOString(),
    events: messages,
  });
  const bucket = await orUnavailable(nc, () => openBucket(nc, KEY_BUCKET));
  const entries = await keysOf(nc, KEY_BUCKET);
  // The secret first: without it the following hashes are useless, and an import can say so before it stores any.
  for (const entry of entries.sort((a, b) => Number(b === SECRET_ENTRY) - Number(a === SECRET_ENTRY))) {
    const stored = await orUnavailable(nc, () => bucket.get(entry));
    if (stored?.operation !== 'PUT') continue;
    yield encoded({ kind: 'key', entry, value: stored.json() });
    counts.keys++;
    if (entry !== SECRET_ENTRY) counts.apiKeys++;
  }
  const payloads = new PayloadStore(nc);
  for (const { scope, sha256 } of payloadsFrom === 1 ? await payloads.list() : await payloadsSince(nc, payloadsFrom)) {
    const of = { ...(scope !== 'unscoped' && { owner: scope }), sha256 };
    try {
      const content = await wholeOrRemoved(nc, scope, sha256);
      if (content) {
        yield encoded({ kind: 'payload', ...of, base64: content.toString('base64') });
        counts.payloads++;
      }
    } catch (error) {
      // One lost payload must not cost the whole backup.
      if (!(error instanceof PayloadLostError)) throw error;
      yield encoded({ kind: 'lost', ...of, reason: error.message });
      counts.lost++;
    }
    onProgress?.(counts, messages);
  }
  for await (const batch of replay(nc, { from, to: last })) {
    yield batch.map((event) => encoded(lineOf(event))).join('');
    counts.events += batch.length;
    onProgress?.(counts, messages);
  }
  const { apiKeys: _, ...ofLines } = counts;
  yield encodeLine({ kind: 'end', ...ofLines, sha256: digest.digest('hex') });
  onProgress?.(counts, messages);
}

/** Payloads with a message at this sequence of their stream or behind it, each once. */
async function payloadsSince(nc: LogConnection, from: number): Promise<{ scope: PayloadScope; sha256: string }[]> {
  const found = new Map<string, { scope: PayloadScope; sha256: string }>();
  const manager = await jetstreamManager(nc, { checkAPI: false });
  for (let seq = from; ;) {
    const query: { seq: number; next_by_subj: string } = { seq, next_by_subj: PAYLOAD_SUBJECTS };
    const stored = await orUnavailable(nc, () => manager.streams.getMessage(STREAM.payloads, query));
    if (!stored) return [...found.values()];
    const payload = parsePayloadSubject(stored.subject);
    if (payload) found.set(stored.subject, payload);
    seq = stored.seq + 1;
  }
}

/** Undefined if the payload was removed since it was listed, as those of deleted sessions are: it is not lost. */
async function wholeOrRemoved(nc: LogConnection, scope: PayloadScope, sha256: string): Promise<Buffer | undefined> {
  for (let attempt = 1; ; attempt++) {
    // One for each attempt: it remembers what it found damaged.
    const payloads = new PayloadStore(nc);
    try {
      return Buffer.from(await payloads.whole(scope, sha256));
    } catch (error) {
      if (!(error instanceof PayloadLostError)) throw error;
      if (!(await payloads.has(scope, sha256))) return undefined;
      // It was removed and stored again during the read, or it is damaged.
      if (attempt === 2) throw error;
    }
  }
}

/** All keys of a bucket, including those of deleted values. The client library would leave a consumer on the server. */
async function keysOf(nc: LogConnection, bucket: string): Promise<string[]> {
  return orUnavailable(nc, async () => {
    const manager = await jetstreamManager(nc, { checkAPI: false });
    const prefix = `$KV.${bucket}.`;
    const { state } = await manager.streams.info(`KV_${bucket}`, { subjects_filter: `${prefix}>` });
    return Object.keys(state.subjects ?? {}).map((subject) => subject.slice(prefix.length));
  });
}

/** Two logs are never created in the same nanosecond, and a log keeps its creation time. */
export async function sourceOf(nc: LogConnection): Promise<string> {
  return orUnavailable(nc, async () => {
    const manager = await jetstreamManager(nc, { checkAPI: false });
    return (await manager.streams.info(STREAM.events)).created;
  });
}

function lineOf({ sequence, subject, headers, data }: StoredDelivery): EventLine {
  const lines: [string, string][] = [];
  for (const [name, values] of headers ?? []) {
    // Headers that begin with Nats- were instructions to that server. The last import records where an event comes
    // from.
    if (name.startsWith('Nats-') || name === ORIGIN_HEADER) continue;
    for (const value of values) lines.push([name, value]);
  }
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const content = isUtf8(bytes) ? { body: bytes.toString('utf8') } : { base64: bytes.toString('base64') };
  return { kind: 'event', sequence, subject, headers: lines, ...content };
}
