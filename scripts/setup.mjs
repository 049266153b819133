// `npm run setup`: installs and builds everything and puts the command `opensync` into the data folder, as `npm start` does,
// for machines on which services run apart or the command line alone is used.
import { join } from 'node:path';
import { stopOnRequest } from './steps.mjs';
import { ensureInstalled, ensureProductBuilt, fromSources, pinnedNode, root, runHere } from './workspace.mjs';

stopOnRequest();
await ensureInstalled();
await ensureProductBuilt();
process.exit(await runHere(pinnedNode, [...fromSources, join(root, 'scripts', 'command.mjs')]));
