import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { HEADER } from '@opensync/contracts';
import { connectLog, STREAM } from '@opensync/event-log';

/** The ids of all documents that the log has events of. */
export async function idsInLog(server: string): Promise<Set<string>> {
  const nc = await connectLog({ servers: server, name: 'log-ids' });
  try {
    const { state } = await (await jetstreamManager(nc)).streams.info(STREAM.events);
    const ids = new Set<string>();
    const consumer = await jetstream(nc).consumers.get(STREAM.events, { headers_only: true });
    for await (const message of await consumer.consume()) {
      ids.add(message.headers!.get(HEADER.subject));
      if (message.seq === state.last_seq) break;
    }
    return ids;
  } finally {
    await nc.close();
  }
}
