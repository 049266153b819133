#!/usr/bin/env node
// The `opensync` command of this folder: the built program, or a line that says how to build it.
import { runBuilt } from '../../../scripts/run-built.mjs';

await runBuilt(new URL('../../../build/opensync.js', import.meta.url), 'opensync');
