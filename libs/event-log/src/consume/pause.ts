import { setTimeout as delay } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import type { LogConnection } from '../connection.ts';
import type { ConsumerRef } from '../topology/names.ts';
import { orUnavailable } from '../unavailable.ts';

const PAUSE_MS = 30_000;
const SETTLE_MS = 5000;
const POLL_MS = 25;

/**
 * Runs `work` while the server delivers no messages to a durable consumer, after delivered messages are processed (or
 * after some seconds, if a store is unavailable). Publishing continues; waiting messages are delivered afterwards. If
 * the process dies, the pause expires.
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
