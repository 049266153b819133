#!/usr/bin/env node
// The `opensync` command of this folder: the built program, or a line that says how to build it.
import { existsSync } from 'node:fs';

const main = new URL('../dist/main.js', import.meta.url);
if (existsSync(main)) {
  await import(main);
} else {
  console.error('opensync: not built yet; run `npm start` or `npm run build` in the folder of OpenSync first');
  process.exitCode = 1;
}
