import { jetstreamManager, type ConsumerInfo } from '@nats-io/jetstream';
import type { LogConnection } from '../connection.ts';
import type { ConsumerHealth } from '../consume/batch-consumer.ts';
import { secondsLeft } from '../consume/pace.ts';
import { CONSUMER } from '../topology/names.ts';
import { requestConsumerHealth } from './consumer-health.ts';
import { lagMsOf } from './lag.ts';

/** How a projection keeps up with its stream. */
export interface ConsumerStatus {
  readonly name: string;
  /** Messages of its stream that were not delivered yet. */
  readonly pending: number;
  /** Delivered to it, not acknowledged yet. */
  readonly inFlight: number;
  readonly redelivered: number;
  /** How old the first message is that it has not processed, in milliseconds; 0 if there is none. */
  readonly lagMs: number;
  /** Deliveries since it was created, repeated ones included. */
  readonly delivered: number;
  /** Estimated time for the backlog at the pace of the last minutes; absent without a backlog or an estimate. */
  readonly secondsLeft?: number;
  /** Why it works only partly or not at all. */
  readonly problem?: string;
}

export interface ConsumerStatusOptions {
  /** Whether an OpenSync runs, so that somebody should process messages. */
  readonly isRunning: boolean;
  /** Whether the index of a consumer that was created then is missing documents. */
  readonly lacksDocuments: (consumer: string, created: string | undefined) => Promise<boolean>;
}

/** The state of every consumer, from the server and from the processes that run them. */
export async function readConsumers(
  nc: LogConnection,
  { isRunning, lacksDocuments }: ConsumerStatusOptions,
): Promise<ConsumerStatus[]> {
  const manager = await jetstreamManager(nc);
  const health = await requestConsumerHealth(nc);
  return Promise.all(
    Object.values(CONSUMER).map(async (ref): Promise<ConsumerStatus> => {
      const info = await manager.consumers.info(ref.stream, ref.durable).catch(() => undefined);
      const here = health.filter(({ consumer }) => consumer === ref.durable);
      const isPartial = await lacksDocuments(ref.durable, info?.created);
      const problem = problemOf(info, { here, isRunning, isPartial });
      const [pending, inFlight] = [info?.num_pending ?? 0, info?.num_ack_pending ?? 0];
      const left = secondsLeft(
        pending + inFlight,
        here.map(({ perSecond }) => perSecond),
      );
      return {
        name: ref.durable,
        ...{ pending, inFlight },
        redelivered: info?.num_redelivered ?? 0,
        lagMs: info ? await lagMsOf(manager, info).catch(() => 0) : 0,
        delivered: info?.delivered.consumer_seq ?? 0,
        ...(left !== undefined && left > 0 && { secondsLeft: left }),
        ...(problem !== undefined && { problem }),
      };
    }),
  );
}

/** @param here reports of the processes that run it */
function problemOf(
  info: ConsumerInfo | undefined,
  {
    here,
    isRunning,
    isPartial,
  }: { readonly here: readonly ConsumerHealth[]; readonly isRunning: boolean; readonly isPartial: boolean },
): string | undefined {
  if (!info) return 'missing; a running service recreates it';
  const stopped = here.find((health) => health.stopped !== undefined);
  if (stopped) return `stopped: ${stopped.stopped}`;
  const blocked = here.find((health) => health.blocked !== undefined);
  if (blocked) return `waiting: ${blocked.blocked}`;
  if (isRunning && here.length === 0) return 'no projector is processing it';
  return isPartial ? 'its index is missing older documents; a projector is adding them' : undefined;
}
