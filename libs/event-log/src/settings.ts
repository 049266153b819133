import { ConfigError, type Settings } from '@opensync/platform';
import type { LogDisk } from '@opensync/nats-server';
import type { TopologyOptions } from './topology/specifications.ts';

/** The settings of a process that connects to the log and creates its streams. */
export const LOG_SETTINGS = [
  'NATS_URL',
  'NATS_TOKEN',
  'NATS_INBOX_PREFIX',
  'OPENSYNC_LOG_KEEPER',
  'OPENSYNC_REPLICAS',
  'OPENSYNC_EVENTS_MAX_BYTES',
  'OPENSYNC_ACCESS_LOG_DAYS',
  'OPENSYNC_ACCESS_LOG_MAX_BYTES',
] as const satisfies (keyof Settings)[];
export type LogSettings = Pick<Settings, (typeof LOG_SETTINGS)[number]>;

/** Settings of the streams; those of the API access log have defaults in the topology, too. */
export type TopologySettings = Pick<LogSettings, 'OPENSYNC_REPLICAS' | 'OPENSYNC_EVENTS_MAX_BYTES'> &
  Partial<Pick<LogSettings, 'OPENSYNC_ACCESS_LOG_DAYS' | 'OPENSYNC_ACCESS_LOG_MAX_BYTES'>>;

/** Where the event log answers. */
export interface LogServer {
  readonly url: string;
  readonly token: string | undefined;
  /** Prefix of the subjects of answers; default `_INBOX`. */
  readonly inboxPrefix?: string;
  /** Its data folder, if the server is ours and on this machine. */
  readonly dataDir?: string;
  /** The disk under that folder. */
  readonly disk?: LogDisk;
}

/**
 * The servers of NATS_URL.
 * @throws ConfigError if it is not set: a separate service has no embedded server to fall back on
 */
export function remoteLogServer({
  NATS_URL: url,
  NATS_TOKEN: token,
  NATS_INBOX_PREFIX: inboxPrefix,
}: Pick<LogSettings, 'NATS_URL' | 'NATS_TOKEN'> & Partial<Pick<LogSettings, 'NATS_INBOX_PREFIX'>>): LogServer {
  if (url === undefined) {
    throw new ConfigError(
      'NATS_URL: must be set, for example to nats://localhost:4222; services communicate through NATS',
    );
  }
  return { url, token, ...(inboxPrefix !== undefined && { inboxPrefix }) };
}

/** The stream options in the settings. */
export function topologyOf({
  OPENSYNC_REPLICAS: replicas,
  OPENSYNC_EVENTS_MAX_BYTES: eventsMaxBytes,
  OPENSYNC_ACCESS_LOG_DAYS: accessLogDays,
  OPENSYNC_ACCESS_LOG_MAX_BYTES: accessLogMaxBytes,
}: TopologySettings): TopologyOptions {
  return {
    replicas,
    ...(eventsMaxBytes !== undefined && { eventsMaxBytes }),
    ...(accessLogDays !== undefined && { accessLogDays }),
    ...(accessLogMaxBytes !== undefined && { accessLogMaxBytes }),
  };
}

export const PUBLISH_SETTINGS = ['OPENSYNC_PUBLISH', 'OPENSYNC_SYNC', 'NATS_URL'] as const satisfies (keyof Settings)[];

/**
 * `auto` publishes one by one only if the embedded server is known not to sync before each ack, because grouping then
 * costs throughput. A remote server's configuration is unknown, and in a group each ack covers more events.
 */
export function publishMode(settings: Pick<Settings, (typeof PUBLISH_SETTINGS)[number]>): 'group' | 'plain' {
  const { OPENSYNC_PUBLISH: mode, OPENSYNC_SYNC: sync, NATS_URL: remote } = settings;
  if (mode !== 'auto') return mode;
  return !remote && sync === 'interval' ? 'plain' : 'group';
}
