import { Command } from 'commander';
import { serverNeeds, stopServers, type StoreServer } from '@opensync/testkit';
import { figuresAgainst } from './against/compare.ts';
import { CLUSTER_CASES, EMBEDDED_CASES, type Case } from './cases.ts';
import { printFigures, type Figure } from './figures.ts';

const lines = (cases: readonly Case[]) => cases.map(({ name, about }) => `  ${name.padEnd(15)}${about}`).join('\n');
const needs = (server: StoreServer, name: string) => `  ${name.padEnd(15)}${serverNeeds(server)}`;

const program = new Command('npm run bench --')
  .description('Every figure of the product beside its own ceiling on this machine, in one run.')
  .argument('[case...]', 'measure these alone')
  .option('--cluster', 'measure services and stores on servers instead of everything in one process')
  .option('--against <commit>', 'measure ingest and projection against those of a commit, in pairs')
  .helpOption('-h, --help', 'print this help')
  .showHelpAfterError('(npm run bench -- --help lists the cases)')
  .addHelpText(
    'after',
    `
Cases:
${lines(EMBEDDED_CASES)}

Cases of --cluster; what is in brackets is the server that a case needs:
${lines(CLUSTER_CASES)}

Servers of --cluster. A case whose server is missing is in the table as not run:
${needs('mongodb', 'MongoDB')}
${needs('elasticsearch', 'Elasticsearch')}
${needs('qdrant', 'Qdrant')}
  What is made on them has names of its own, bench-…, and is removed at the end.

Environment:
  NATS_SERVER_BIN        the nats-server to run; not set: it is fetched once
  BENCH_MEMORY_SECONDS   how long "whole" watches the memory, default 60
  BENCH_SEARCH_OWNERS    how many owners "search" has in its last figure, default 50
  BENCH_SESSIONS         how many sessions "exports" and "statistics" have, default 100,000
  BENCH_EXPORT           for "exports": those alone that have this in their name
  BENCH_DATA_DIR         for "exports": keep the sessions here for the next run
  BENCH_OWNERS           how many owners "wrapped" makes summaries of, default 10,000
  BENCH_ATTACK           for "fairness": attacks alone that have this in their name

Examples:
  $ npm run bench
  $ npm run bench -- ingest batch
  $ npm run bench -- --against HEAD~10
  $ npm run bench -- --cluster
  $ TEST_MONGODB_URL=mongodb://localhost npm run bench -- --cluster mongodb rebuild

The table is on standard output, progress on standard error. bench/README.md says what each figure means.`,
  );
program.parse();

const { cluster, against } = program.opts<{ cluster?: true; against?: string }>();
const chosen = program.args;
if (against !== undefined) {
  if (cluster || chosen.length > 0) program.error('error: --against goes with neither cases nor --cluster');
  printFigures(await figuresAgainst(against), `at ${against}`);
  process.exit();
}
const cases = cluster ? CLUSTER_CASES : EMBEDDED_CASES;
const unknown = chosen.filter((name) => !cases.some((known) => known.name === name));
if (unknown.length > 0) {
  const names = cases.map(({ name }) => name).join(', ');
  program.error(`error: no such case: ${unknown.join(', ')}. Cases: ${names}`);
}
const figures: Figure[] = [];
try {
  for (const { name, measure } of cases) {
    if (chosen.length > 0 && !chosen.includes(name)) continue;
    console.error(`measuring ${name} …`);
    try {
      figures.push(...(await measure()));
    } catch (error) {
      // What the others have measured in minutes is not lost.
      console.error(error);
      figures.push({ name, value: 'failed', ceiling: '' });
      process.exitCode = 1;
    }
  }
} finally {
  await stopServers();
}
printFigures(figures);
