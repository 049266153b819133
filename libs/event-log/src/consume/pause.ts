import { setTimeout as delay } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import type { LogConnection } from '../connection.ts';
import type { ConsumerRef } from '../topology/names.ts';
import { orUnavailable } from '../unavailable.ts';

const PAUSE_MS = 30_000;
const SETTLE_MS = 5000;
const POLL_MS = 25;

/**
 * Runs `work` while the server gives no messages to a durable consumer, after what it had given has been worked off (or
 * not, within seconds: then a store is away). Publishing goes on; what waits is delivered afterwards. If the
 * process dies here, the pause ends by itself.
 */
export async function whilePaused<T>(
  nc: LogConnection,
  { stream, durable }: ConsumerRef,
  work: () => Promise<T>,
): Promise<T> {
  const manager = await jetstreamManager(nc, { checkAPI: false });
  const pause = () => manager.consumers.pause(stream, durable, new Date(Date.now() + PAUSE_MS));
  await orUnavailable(nc, pause);
  const renewal = setInterval(() => void pause().catch(() => undefined), PAUSE_MS / 3);
  try {
    const deadline = performance.now() + SETTLE_MS;
    while (performance.now() < deadline) {
      const info = await orUnavailable(nc, () => manager.consumers.info(stream, durable));
      if (info.num_ack_pending === 0) break;
      await delay(POLL_MS);
    }
    return await work();
  } finally {
    clearInterval(renewal);
    await orUnavailable(nc, () => manager.consumers.resume(stream, durable));
  }
}
