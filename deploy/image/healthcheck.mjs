// Exit code 0 while the service in this container makes progress. `node:http` alone: it loads in a fraction of the
// time of `fetch`, and this runs every few seconds.
import { get } from 'node:http';

get({ host: '127.0.0.1', port: process.env.PORT, path: '/livez', timeout: 4000 }, ({ statusCode }) =>
  process.exit(statusCode === 200 ? 0 : 1),
)
  .once('timeout', () => process.exit(1))
  .once('error', () => process.exit(1));
