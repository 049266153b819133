// The nats-server that tests start, fetched once for all of them: each would else do so within the time that it has itself.
// The oldest one that is supported, too, if Go can build it. Runs from the sources, as nothing is built yet.
import { ensureNatsServer } from '@opensync/nats-server';
import { hasGo, oldestNatsServer } from '@opensync/testkit';

try {
  await ensureNatsServer({ bin: process.env.NATS_SERVER_BIN, report: (line) => console.log(line) });
  if (hasGo()) await oldestNatsServer();
  else console.log('there is no Go: tests with the oldest nats-server that is supported are skipped');
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
