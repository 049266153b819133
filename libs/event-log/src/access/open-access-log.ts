import type { Settings } from '@opensync/platform';
import type { Disposal } from '@opensync/platform/service';
import { counter, METRIC, type Registry } from '@opensync/platform/telemetry';
import type { LogConnection } from '../connection.ts';
import { AccessLog } from './access-log.ts';

/** The API access log of a gateway; its disposal writes the remaining entries. Undefined if it is turned off. */
export function openAccessLog(
  nc: LogConnection,
  { OPENSYNC_ACCESS_LOG_DAYS: days }: Pick<Settings, 'OPENSYNC_ACCESS_LOG_DAYS'>,
  { disposal, metrics }: { readonly disposal: Disposal; readonly metrics: Registry },
): AccessLog | undefined {
  if (days === 0) return undefined;
  const dropped = counter(metrics, METRIC.accessEntriesDropped);
  const log = new AccessLog(nc, { onDropped: (entries) => dropped.inc(entries) });
  disposal.defer('API access log', () => log.close());
  return log;
}
