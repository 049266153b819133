import { statfs } from 'node:fs/promises';
import { ConfigError } from '@opensync/platform';
import type { LogServer } from '../settings.ts';

const MEBIBYTE = 1024 * 1024;

/**
 * What to do about it, starting with the name of the setting that can be changed.
 * @param eventsMaxBytes size that EVENTS reserves, if one is set
 */
export async function noRoom(
  cause: Error,
  server: Pick<LogServer, 'dataDir'>,
  eventsMaxBytes: number | undefined,
): Promise<ConfigError> {
  const lessEvents = eventsMaxBytes === undefined ? '' : ' or set a smaller OPENSYNC_EVENTS_MAX_BYTES';
  if (server.dataDir === undefined) {
    const fix = `free space on its disk, raise its limit${lessEvents}`;
    return new ConfigError(`NATS_URL: the server has no space for the log (${cause.message}); ${fix}`, { cause });
  }
  const { bavail, bsize } = await statfs(server.dataDir);
  const free = Math.floor((bavail * bsize) / MEBIBYTE);
  const fix = `the log needs more: free space, choose another folder${lessEvents}`;
  return new ConfigError(`OPENSYNC_DATA_DIR: ${server.dataDir} has ${free} MiB free; ${fix}`, { cause });
}
