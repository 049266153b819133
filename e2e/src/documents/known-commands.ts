import type { DocumentedCommand } from './read-commands.ts';

export type Treatment =
  /**
   * Runs to its end. `output` must be in its output, `eventually` if it reads recent writes; `code` is its exit code,
   * default 0.
   */
  | { readonly kind: 'run'; readonly output?: RegExp; readonly code?: number; readonly eventually?: boolean }
  /** Runs until the documents that need it are done; `ready` is in its output by then. */
  | { readonly kind: 'start'; readonly ready: RegExp }
  /** In a sentence: the command and its options exist. */
  | { readonly kind: 'exists' }
  /** Cannot run in a test, for this reason. Its parts must still exist, as far as that can be checked. */
  | { readonly kind: 'not run'; readonly reason: string };

interface KnownCommand {
  /** Of the whole command. */
  readonly command: RegExp;
  readonly place?: DocumentedCommand['place'];
  readonly treatment: Treatment;
}

const run = (
  command: RegExp,
  expected: { output?: RegExp; code?: number; eventually?: boolean } = {},
): KnownCommand => ({
  command,
  place: 'block',
  treatment: { kind: 'run', ...expected },
});
const start = (command: RegExp, ready: RegExp): KnownCommand => ({
  command,
  place: 'block',
  treatment: { kind: 'start', ready },
});
const exists = (command: RegExp): KnownCommand => ({ command, place: 'sentence', treatment: { kind: 'exists' } });
const notRun = (command: RegExp, reason: string): KnownCommand => ({ command, treatment: { kind: 'not run', reason } });

/** The handling of each command of the documents: the first match counts. A command without a match fails the test. */
export const KNOWN_COMMANDS: readonly KnownCommand[] = [
  // The product.
  start(/^npm start$/, /OpenSync is running/),
  start(/^PORT=\d+ node services\/(ingest|query|projector|embedder|wrapped)$/, /is running at http/),
  run(/^npm run setup$/, { output: /The command is \S+\/\.opensync\/bin\/opensync/ }),
  run(/^export [A-Z_]+=/),
  run(/^curl -s '?localhost:3211\/api\/search\?q=connection/, {
    output: /"results":\[\{.*"title":"Connection Test"/,
    eventually: true,
  }),
  run(/^curl -s '?localhost:3211\/api\/sessions/, { output: /"sessions":\[\{/, eventually: true }),
  run(/^curl -s localhost:3211\/readyz$/, { output: /"status":"ok"/ }),
  run(/^curl -s localhost:3211\/metrics \| grep \S+$/, { output: /^(# HELP )?opensync_\w+/m }),
  run(/^opensync --help$/, { output: /^Usage: opensync / }),
  run(/^opensync help \w+$/, { output: /^Usage: opensync / }),
  run(/^opensync status$/, { output: /^OpenSync +running at http/ }),
  run(/^opensync --version$/, { output: /^\d+\.\d+\.\d+$/m }),
  run(/^opensync backup (--full )?\.\/backups$/, { output: /up to sequence \d+/ }),
  run(/^opensync rehearse \.\/backups$/, { output: /^Proved /m }),
  run(/^opensync restore --dry-run \.\/backups$/, { output: /nothing was written/ }),
  run(/^opensync doctor$/, { output: /^✓ embedder/m }),
  run(/^opensync keys create --user \S+ --name \S+(?: --scopes read)?$/, { output: /^osk_\S+\n/ }),
  run(/^opensync keys list$/, { output: /^ID +KEY/ }),
  notRun(/^opensync keys rotate key_…$/, 'the id of a key of yours; invitations.int.spec.ts rotates keys'),
  run(/^opensync users add \S+( --name "[^"]+")?( --role viewer)?$/, { output: /^usr_\S+\n/ }),
  run(/^opensync users login-link \S+$/, { output: /^http\S+\/auth\/login#token=\S+\n/ }),
  run(/^opensync users list$/, { output: /^ID +EMAIL +NAME +WORKSPACES +KEYS/ }),
  run(/^opensync workspaces add research --owner \S+$/, { output: /^wsp_\S+\n/ }),
  run(/^opensync workspaces add-member research \S+$/, { output: /has the role member in research/ }),
  run(/^opensync workspaces set-role research \S+ analyst$/, { output: /has the role analyst in research/ }),
  run(/^opensync workspaces members research$/, { output: /^ID +EMAIL +NAME +ROLE +KEYS/ }),
  run(/^opensync workspaces remove-member research \S+$/, { output: /is no longer a member of research/ }),
  run(/^opensync workspaces invite \S+( --role viewer)?$/, { output: /^http\S+\/auth\/login#invitation=\S+\n/ }),
  run(/^opensync workspaces invitations research$/, { output: /^ID +ROLE +EMAIL +INVITED BY/ }),
  run(/^opensync rebuild (all|documents|search|vectors)$/, { output: /generation \d+ is live in place of/ }),
  run(/^opensync wrapped set --workspace default --zone Europe\/Berlin$/, { output: /^Europe\/Berlin/ }),
  run(/^opensync wrapped set --workspace default --webhook \S+ --editions day,week$/, { output: /hooks\.slack\.com/ }),
  run(/^opensync usage$/, { output: /^DAY \(UTC\) +WORKSPACE|No requests are counted/ }),
  run(/^opensync wrapped list$/, { output: /^WORKSPACE +USER/ }),
  run(/^opensync jobs list$/, { output: /^JOB +SCHEDULE/, eventually: true }),
  run(/^opensync jobs run trash$/, { output: /^trash runs soon/, eventually: true }),
  run(/^opensync jobs pause docs$/, { output: /^docs is paused/, eventually: true }),
  run(/^opensync jobs resume docs$/, { output: /^docs runs next at/, eventually: true }),
  run(/^opensync dlq list$/, { output: /^ID +CONSUMER/ }),
  run(/^opensync dlq show 12$/, { output: /^ID +12$/m }),
  // The letter is about a message that no version can read: it fails again, under another id.
  run(/^opensync dlq replay 12$/, { output: /^12 {2}failed again/, code: 1 }),
  run(/^opensync dlq drop 12$/, { output: /there is no dead letter 12/, code: 1 }),
  run(/^opensync dlq replay --all --consumer search$/, { output: /^There are no dead letters\./ }),
  run(/^opensync export-log --verify history\.jsonl\.gz$/, { output: /^history\.jsonl\.gz: .*, verified$/m }),
  run(/^NATS_URL=\S+ opensync import-log --dry-run history\.jsonl\.gz$/, { output: /nothing was written$/m }),
  run(/^NATS_URL=\S+ opensync import-log history\.jsonl\.gz$/, { output: /^history\.jsonl\.gz: \d+ events/m }),
  notRun(/^opensync export /, 'needs an API key and sessions; export.int.spec.ts runs it against a server'),
  notRun(/^curl -N .*\/api\/live/, 'does not end; live.e2e.spec.ts follows the stream'),
  notRun(/^curl -X DELETE http\S+\/api\/me /, 'erases its caller for good; erasure.e2e.spec.ts does it'),
  notRun(/^curl -sf -H .*\/api\/export/, 'the same over HTTP'),
  notRun(/^node services\/ingest$/, 'runs as PORT=3211 node services/ingest'),
  notRun(/^node services\/keeper$/, 'runs in the containers of compose'),
  exists(/^opensync /),
  exists(/^npm (start|test|run [\w:]+)( |$)/),

  // The plugin of Claude Code, as its package has it.
  run(/^claude-code-sync setup$/, { output: /Setup complete/ }),
  run(/^claude-code-sync synctest$/),
  notRun(
    /^npm install -g claude-code-sync$/,
    'installs software of others from a registry; the tests have it in node_modules',
  ),

  // Development.
  notRun(/^npm run dev( |$)/, 'has a test of its own: all-in-one.dev-script.e2e.spec.ts'),
  run(/^npm run nx test nats-server$/, { output: /Successfully ran target test/ }),
  run(/^npm run bench -- --help$/, { output: /^Usage: npm run bench/m }),
  notRun(/^(BENCH_\w+=\S+ )*npm run bench( |$)/, 'measures for minutes, and only on an idle machine'),
  notRun(/^npm run lint$/, 'npm test runs the same task'),
  notRun(/^npm run test:security( |$)/, 'takes minutes; security.e2e.spec.ts sends fewer of the same requests'),
  notRun(
    /^npm run test:relevance( |$)/,
    'embeds for minutes; relevance.int.spec.ts asks fewer queries of a smaller corpus',
  ),
  notRun(/^npm audit/, 'asks a registry'),
  notRun(/^npm run (format|generate)$/, 'writes into the clone; npm test runs the same as a check'),
  notRun(/npm test$/, 'runs this test'),

  // Containers: deploy/compose-test.sh runs the end-to-end suite on docker-compose.yml (TEST_COMPOSE=1).
  notRun(/^docker (inspect|buildx imagetools inspect|network rm opensync_stores)$/, 'is Docker’s own'),
  notRun(/^docker compose /, 'needs a Docker engine; TEST_COMPOSE=1 tests docker-compose.yml and its command line'),
  notRun(/^deploy\/compose-test\.sh$/, 'needs a Docker engine; it is what TEST_COMPOSE=1 runs'),

  // Kubernetes: npm run test:cluster installs, upgrades and rolls back with the same commands.
  notRun(/^docker (build|push) /, 'a registry of yours takes the image; npm run test:cluster builds it'),
  notRun(/^npm run test:cluster$/, 'needs a cluster'),
  notRun(/^node scripts\/partition-simulation\.mjs$/, 'prints the table below it again'),
  notRun(/^(helm|kubectl) /, 'needs a cluster; npm run test:cluster installs the chart and the overlays on one'),

  // Other programs, on other systems.
  notRun(/^git pull$/, 'changes the clone'),
  notRun(/^nats stream rm /, 'needs the command line of NATS, and a stream that an earlier version made'),
  notRun(/^sysctl vm\.max_map_count$/, 'names a setting of the kernel'),
  notRun(/^umask 077$/, 'a setting of the shell'),
  notRun(/^nats (stream backup|consumer rm)$/, "names a command of NATS's own command line"),
  notRun(/^npx opensync$/, 'named as what not to run'),
  notRun(/^git commit -am$/, 'an example of a text to search for'),
];

export function treatmentOf({ text, place }: DocumentedCommand): KnownCommand | undefined {
  return KNOWN_COMMANDS.find((known) => known.command.test(text) && (known.place ?? place) === place);
}
