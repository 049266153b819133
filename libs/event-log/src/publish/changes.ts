import { changeSubject, HEADER, type DocumentChanges, type Owner } from '@opensync/contracts';
import { jetstream } from '@nats-io/jetstream';
import { headers, type MsgHdrs } from '@nats-io/transport-node';
import { currentTraceparent } from '@opensync/platform/telemetry';
import type { LogConnection } from '../connection.ts';
import { orUnavailable } from '../unavailable.ts';

/** Some 30 KiB: small enough to be processed as one piece by an indexer that loads all of them. */
const IDS_PER_MESSAGE = 500;
const ATTEMPT_MS = 2000;
const ATTEMPTS = 3;

/**
 * Announces to the indexers which of an owner's documents changed. Resolves once it is durably stored; a retry after
 * an error may announce some twice, which makes indexers look twice.
 * @throws AppError UNAVAILABLE
 */
export async function publishChanges(nc: LogConnection, owner: Owner, changes: DocumentChanges): Promise<void> {
  const subject = changeSubject(owner);
  const client = jetstream(nc);
  const options = { timeout: ATTEMPT_MS, retries: ATTEMPTS, ...traceHeaders() };
  await orUnavailable(nc, async () => {
    await Promise.all(sliced(changes).map((slice) => client.publish(subject, JSON.stringify(slice), options)));
  });
}

function sliced({ sessions, messages, removed = [] }: DocumentChanges): object[] {
  const slices: object[] = [];
  // First: rows that are written before their removal have to be written again.
  for (let start = 0; start < removed.length; start += IDS_PER_MESSAGE) {
    slices.push({ removed: removed.slice(start, start + IDS_PER_MESSAGE) });
  }
  for (let start = 0; start < Math.max(sessions.length, messages.length); start += IDS_PER_MESSAGE) {
    const end = start + IDS_PER_MESSAGE;
    slices.push({ sessions: sessions.slice(start, end), messages: messages.slice(start, end) });
  }
  return slices;
}

/** The current span, so that the indexers continue the trace that changed the documents. */
function traceHeaders(): { headers?: MsgHdrs } {
  const traceparent = currentTraceparent();
  if (traceparent === undefined) return {};
  const traced = headers();
  traced.set(HEADER.traceparent, traceparent);
  return { headers: traced };
}
