// `node services/wrapped`: the built service, or a line that says how to build it.
import { runBuilt } from '../../../scripts/run-built.mjs';

await runBuilt(new URL('../../../build/wrapped.js', import.meta.url), 'opensync-wrapped');
