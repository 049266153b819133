// The nats-server that tests start, fetched once for all of them: each would else do so within the time that it has itself.
// Runs from the sources, as nothing is built yet.
import { ensureNatsServer } from '@opensync/platform/nats-server';

try {
  await ensureNatsServer({ bin: process.env.NATS_SERVER_BIN, report: (line) => console.log(line) });
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
