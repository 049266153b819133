// `node services/keeper`: the built service, or a line that says how to build it.
import { runBuilt } from '../../../scripts/run-built.mjs';

await runBuilt(new URL('../../../build/keeper.js', import.meta.url), 'opensync-keeper');
