import { jetstreamManager } from '@nats-io/jetstream';
import { parsePayloadSubject } from '@opensync/contracts';
import { consumersOf, crowdingProblem, STREAM, type LogConnection } from '@opensync/event-log';
import { PayloadLostError, PayloadStore } from '@opensync/event-log/payloads';
import { rootReasonOf } from '@opensync/platform';
import type { Check } from './doctor.ts';
import { bytes } from './output.ts';

/** Whether streams have room for the consumers that reads need. */
export async function checkConsumerRoom(nc: LogConnection): Promise<Check> {
  const name = 'stream consumers';
  const manager = await jetstreamManager(nc);
  const streams = (await Array.fromAsync(manager.streams.list())).map(consumersOf);
  const detail = crowdingProblem(streams);
  if (detail !== undefined) {
    const fix =
      'list them with nats consumer ls <stream>, and stop the programs that create them; unused ones expire within minutes';
    return { name, state: 'fail', detail, fix };
  }
  const most = Math.max(0, ...streams.map(({ consumers }) => consumers));
  return { name, state: 'ok', detail: `no stream has more than ${most} consumers` };
}

/** Whether large content can be read: tries the newest payload, if there is one. */
export async function checkPayloads(nc: LogConnection): Promise<Check> {
  const name = 'payloads';
  try {
    const manager = await jetstreamManager(nc);
    const { state } = await manager.streams.info(STREAM.payloads);
    const stored = `${(state.num_subjects ?? 0).toLocaleString('en')}, ${bytes(state.bytes)}`;
    if (state.messages === 0) return { name, state: 'ok', detail: 'none' };
    const newest = await manager.streams.getMessage(STREAM.payloads, { seq: state.last_seq }).catch(() => undefined);
    const payload = newest && parsePayloadSubject(newest.subject);
    // It may have been deleted.
    if (!payload) return { name, state: 'ok', detail: stored };
    const payloads = new PayloadStore(nc);
    try {
      await payloads.get(payload.scope, payload.sha256);
    } catch (error) {
      if (!(error instanceof PayloadLostError) || (await payloads.has(payload.scope, payload.sha256))) throw error;
      return { name, state: 'ok', detail: `${stored}; the newest is being removed` };
    }
    return { name, state: 'ok', detail: `${stored}; the newest can be read` };
  } catch (error) {
    const fix =
      error instanceof PayloadLostError
        ? 'it is lost or damaged on the disk: restore a backup; until then sessions show only its beginning, marked as incomplete'
        : 'see nats-server.log; sessions with large content answer 503 until it can be read';
    return { name, state: 'fail', detail: `payloads cannot be read: ${rootReasonOf(error)}`, fix };
  }
}
