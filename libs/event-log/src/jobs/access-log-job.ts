import type { LogConnection } from '../connection.ts';
import { topologyOf, type TopologySettings } from '../settings.ts';
import { reconcileAccess } from '../topology/reconcile.ts';
import { orUnavailable } from '../unavailable.ts';
import type { JobDefinition } from './definition.ts';

const MEBIBYTE = 1024 * 1024;

/**
 * The stream drops old entries by itself. What it cannot do is grow to its configured size when there is room again on the
 * server: it was made smaller where there was none.
 */
export function accessLogJob(nc: LogConnection, settings: TopologySettings): JobDefinition {
  return {
    name: 'access-log',
    run: async () => {
      const { messages, bytes, maxBytes } = await orUnavailable(nc, () => reconcileAccess(nc, topologyOf(settings)));
      const size = (count: number) => `${(count / MEBIBYTE).toFixed(1)} MiB`;
      return `${messages} messages in ${size(bytes)} of at most ${size(maxBytes)}`;
    },
  };
}
