#!/usr/bin/env node
// The `opensync` command: hands over to the program on a Node that is recent enough, which the one on PATH may not be.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
if (!existsSync(main)) {
  console.error('opensync: not built yet; run `npm run build` (or `npm start`) in the workspace first');
  process.exit(1);
}

function recentNode() {
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  try {
    return join(dirname(createRequire(import.meta.url).resolve('node/package.json')), 'bin', 'node');
  } catch {
    console.error(`opensync: Node 24 or later is needed, this is ${process.version}; npm install brings one along`);
    process.exit(1);
  }
}

// The channel is a lifeline: when this process is gone, however it went, the program notices and stops.
const child = spawn(recentNode(), [main, ...process.argv.slice(2)], {
  stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.once('error', (error) => {
  console.error(`opensync: ${error.message}`);
  process.exit(1);
});
child.once('close', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
