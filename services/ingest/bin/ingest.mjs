// `node services/ingest`: the built service, or a line that says how to build it.
import { runBuilt } from '../../../scripts/run-built.mjs';

await runBuilt(new URL('../../../build/ingest.js', import.meta.url), 'opensync-ingest');
