import { randomInt } from 'node:crypto';
import { stderr, stdout } from 'node:process';
import { parseArgs } from 'node:util';
import { startAllInOne } from '../harness/all-in-one.ts';
import { fuzz } from './run.ts';
import { FUZZ_SETTINGS, summaryOf } from './summary.ts';

const USAGE = `Usage: npm run test:security -- [--seed NUMBER] [--requests NUMBER]

Sends random requests of every kind to a product of its own, and watches what another owner has.
The same --seed sends the same requests; --requests is how many, by default 100000.
`;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    requests: { type: 'string', default: '100000' },
    help: { type: 'boolean' },
  },
});
const [seed, requests] = [Number(values.seed), Number(values.requests)];
if (values.help) {
  stdout.write(USAGE);
  process.exit(0);
}
if (!Number.isInteger(seed) || !Number.isInteger(requests) || requests < 1) {
  stderr.write(USAGE);
  process.exit(2);
}

stdout.write(`${requests} random requests, seed ${seed}\n`);
const startedAt = performance.now();
await using product = await startAllInOne(FUZZ_SETTINGS);
const report = await fuzz(product, {
  ...{ seed, requests, batch: 500, mostFailures: 20 },
  onProgress: (sent, failures) => {
    const line = `${sent} of ${requests} requests, ${failures} failures`;
    if (stderr.isTTY) stderr.write(`\r\x1b[K${line}`);
    else if (sent % 10_000 === 0) stderr.write(`${line}\n`);
  },
});
if (stderr.isTTY) stderr.write('\r\x1b[K');
stdout.write(`${summaryOf(report, { seconds: (performance.now() - startedAt) / 1000, seed, requests })}\n`);
process.exitCode = report.failures.length > 0 ? 1 : 0;
