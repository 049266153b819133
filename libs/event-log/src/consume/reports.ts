import type { Logger, PartState } from '@opensync/platform';
import type { ConsumerRef } from '../topology/names.ts';
import type { ConsumerHealth, ConsumerReport } from './batch-consumer.ts';

/** Longer than any step between a handler's progress reports: a few dozen texts on a slow, busy model. */
const WEDGED_AFTER_MS = 10 * 60_000;
/** Longer than it takes to detect and recreate a missing consumer. */
const UNSUBSCRIBED_AFTER_MS = 60_000;

/** Logs what consumers report, at the level at which somebody should look. */
export function logReports(logger: Logger): (consumer: ConsumerRef, report: ConsumerReport) => void {
  return ({ durable: consumer }, report) => {
    switch (report.kind) {
      case 'recovered':
      case 'subscribed':
        return logger.info({ consumer, ...report }, 'consumer resumed');
      case 'blocked':
      case 'isolating':
        return logger.warn(
          { consumer, kind: report.kind, err: report.error },
          'consumer cannot process a batch; retrying',
        );
      case 'unsubscribed':
        return logger.warn({ consumer, ...report }, 'consumer receives no messages; resubscribing');
      case 'stopped':
        return logger.error(
          { consumer, deliveries: report.deliveries, err: report.error },
          'consumer stopped because its handler fails on every message; no message was dead-lettered',
        );
      case 'dead-letter':
        return logger.error({ consumer, ...report }, 'message moved to the dead-letter stream');
    }
  };
}

/**
 * Whether every consumer works. False for a consumer that has stopped, that has work but makes no progress without
 * waiting for a dependency, or that received no messages for a minute although the server is reachable.
 */
export function isMakingProgress(consumers: readonly ConsumerHealth[], now: number): boolean {
  return consumers.every(
    ({ pending, blocked, stopped, lastProgressAt, unsubscribedSince }) =>
      stopped === undefined &&
      (pending === 0 || blocked !== undefined || now - lastProgressAt < WEDGED_AFTER_MS) &&
      (unsubscribedSince === undefined || now - unsubscribedSince < UNSUBSCRIBED_AFTER_MS),
  );
}

/** `down` while a consumer has stopped or receives no messages. */
export function consumersState(consumers: readonly ConsumerHealth[]): PartState {
  return consumers.some(({ stopped, unsubscribedSince }) => stopped !== undefined || unsubscribedSince !== undefined)
    ? 'down'
    : 'up';
}
