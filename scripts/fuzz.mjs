// `npm run test:security [-- --seed N --requests N]`: random requests against the built product, with another owner's data watched.
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, ensureProgramsBuilt, pinnedNode, root, runHere } from './workspace.mjs';

await ensureInstalled();
await ensureBuilt('e2e');
await ensureProgramsBuilt();
const main = join(root, 'e2e', 'dist', 'fuzz', 'main.js');
process.exit(await runHere(pinnedNode, ['--disable-warning=ExperimentalWarning', main, ...process.argv.slice(2)]));
