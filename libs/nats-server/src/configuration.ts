/** `always`: every write is on disk before it is acknowledged. `interval`: the server's default, two minutes later. */
export type SyncMode = 'always' | 'interval';

/** The largest message that the server accepts: the largest request body of one event, with room. */
export const MAX_PAYLOAD_BYTES = 8 * 1024 * 1024;

const MEBIBYTE = 1024 * 1024;

export interface ServerConfiguration {
  readonly name: string;
  readonly port: number;
  readonly token: string;
  readonly storeDir: string;
  readonly sync: SyncMode;
  readonly pidFile: string;
  readonly logFile: string;
}

/** The configuration file of the embedded server. It listens only on the loopback interface. */
export function renderConfiguration(configuration: ServerConfiguration): string {
  const { name, port, token, storeDir, sync, pidFile, logFile } = configuration;
  return `# Written by opensync at every start.
server_name: ${JSON.stringify(name)}
host: "127.0.0.1"
port: ${port}
authorization { token: ${JSON.stringify(token)} }
max_payload: ${MAX_PAYLOAD_BYTES}
jetstream {
  store_dir: ${JSON.stringify(storeDir)}
${sync === 'always' ? '  sync_interval: always\n' : ''}}
pid_file: ${JSON.stringify(pidFile)}
log_file: ${JSON.stringify(logFile)}
logfile_size_limit: ${10 * MEBIBYTE}
logfile_max_num: 3
`;
}
