import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { CorpusSession } from './corpus.ts';
import type { Judgments } from './evaluate.ts';

/** Beside the sources, for the compiled module too. */
const STORIES = new URL('../../src/relevance/grown/stories.json', import.meta.url);

/** Also of the queries that only the larger corpus has: in another language than the answer, and names of products. */
const kindSchema = z.enum([
  'crosslingual',
  'error',
  'identifier',
  'keywords',
  'negation',
  'paraphrase',
  'pasted',
  'path',
  'phrase',
  'product',
  'recall',
  'typo',
]);

/** A problem with five causes, each of which somebody found in eight projects. */
const storySchema = z.strictObject({
  key: z.string(),
  title: z.string(),
  ask: z.string(),
  causes: z.array(z.strictObject({ key: z.string(), found: z.string(), fixed: z.string() })).length(5),
  /** The cause that answers; 1 if the query is held out. */
  queries: z.array(z.tuple([kindSchema, z.string(), z.string()], z.literal(1))),
});

export interface GrownQuery {
  readonly id: string;
  readonly kind: string;
  readonly query: string;
  readonly judgments: Judgments;
  /** Nothing may be tuned with it: it is asked before a release alone. */
  readonly isHeldOut: boolean;
}

export interface GrownCorpus {
  readonly sessions: readonly CorpusSession[];
  readonly queries: readonly GrownQuery[];
}

/** Where a problem appeared: the project, what it is made of, and the file that was looked at. */
const PLACES = [
  ['lighthouse', 'Spring Boot', 'src/main/java/shop/Controller.java'],
  ['harvest', 'Django', 'harvest/views.py'],
  ['ferry', 'Rails', 'app/controllers/trips_controller.rb'],
  ['quarry', 'ASP.NET Core', 'src/Quarry.Api/Program.cs'],
  ['meadow', 'Laravel', 'app/Http/Controllers/HomeController.php'],
  ['anvil', 'Go with chi', 'internal/http/handler.go'],
  ['lantern', 'NestJS', 'src/app.module.ts'],
  ['orchard', 'Phoenix', 'lib/orchard_web/router.ex'],
  ['bridge', 'FastAPI', 'bridge/main.py'],
  ['compass', 'Express', 'server/index.js'],
  ['granite', 'Quarkus', 'src/main/java/granite/Resource.java'],
  ['willow', 'Next.js', 'app/layout.tsx'],
  ['ember', 'Actix', 'src/main.rs'],
  ['tundra', 'Ktor', 'src/main/kotlin/Application.kt'],
  ['pebble', 'SvelteKit', 'src/hooks.server.ts'],
  ['falcon', 'Flutter', 'lib/main.dart'],
  ['juniper', 'Vapor', 'Sources/App/configure.swift'],
] as const;
const PLACES_OF_STORY = 8;
const REPLIES = [
  'Makes sense. Can you fix it?',
  'That is it. Please change it.',
  'Ah! And the fix?',
  'Good find, go ahead.',
];
const AGENTS = [
  ['claude-code', 'claude-sonnet-4-5'],
  ['codex', 'gpt-5.2'],
  ['opencode', 'kimi-k2'],
] as const;
const FIRST_DAY = Date.UTC(2026, 0, 5);
const DAY = 86_400_000;

/**
 * 680 more sessions, in which many differ in one thing alone, as in the history of a team, and 136 queries, half of them
 * held out. Written as 85 causes, so that they take 50 KB and not a megabyte.
 */
export function growCorpus(): GrownCorpus {
  const stories = z.array(storySchema).parse(JSON.parse(readFileSync(STORIES, 'utf8')));
  const sessions: CorpusSession[] = [];
  const queries: GrownQuery[] = [];
  for (const [number, { key: story, title, ask, causes, queries: asked }] of stories.entries()) {
    const ofCause = new Map<string, string[]>();
    for (const [which, { key: cause, found, fixed }] of causes.entries()) {
      const keys: string[] = [];
      for (let nth = 0; nth < PLACES_OF_STORY; nth++) {
        const [project, tech, file] = PLACES[(number + 2 * nth + which) % PLACES.length]!;
        const [source, model] = AGENTS[(number + nth + which) % AGENTS.length]!;
        const named = (text: string) => text.replaceAll('{project}', project).replaceAll('{tech}', tech);
        const session: CorpusSession = {
          key: `grown-${story}-${cause}-${project}`,
          title: `${title} in ${project}`,
          ...{ projectName: project, projectPath: `/home/dev/${project}`, source, model },
          createdAt: new Date(FIRST_DAY + sessions.length * (DAY / 4)).toISOString(),
          messages: [
            { role: 'user', text: named(ask) },
            { role: 'assistant', text: `I looked at ${file}. ${named(found)}` },
            { role: 'user', text: REPLIES[(which + nth) % REPLIES.length]! },
            { role: 'assistant', text: named(fixed) },
          ],
        };
        sessions.push(session);
        keys.push(session.key);
      }
      ofCause.set(cause, keys);
    }
    for (const [at, [kind, query, cause, heldOut]] of asked.entries()) {
      const answers = ofCause.get(cause);
      if (!answers) throw new Error(`${story} has no cause ${cause}`);
      // The same problem with another cause is about the same subject.
      const others = [...ofCause.values()].flat().map((other): [string, number] => [other, 1]);
      const judgments = Object.fromEntries([...others, ...answers.map((answer): [string, number] => [answer, 3])]);
      queries.push({ id: `grown-${story}-${at}`, kind, query, judgments, isHeldOut: heldOut !== undefined });
    }
  }
  return { sessions, queries };
}
