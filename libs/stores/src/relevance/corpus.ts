import { readdirSync, readFileSync } from 'node:fs';
import { z } from 'zod';

/** Beside the sources, for the compiled module too: the compiler copies no JSON. */
const FOLDER = new URL('../../src/relevance/', import.meta.url);

const sessionSchema = z.strictObject({
  /** Identifies the session in judgments, and is its id in the stores. */
  key: z.string().min(1),
  title: z.string(),
  projectName: z.string(),
  projectPath: z.string(),
  source: z.string(),
  model: z.string(),
  createdAt: z.iso.datetime(),
  messages: z
    .array(
      z.strictObject({
        role: z.enum(['user', 'assistant']),
        /** Empty if the message consists of tool calls. */
        text: z.string(),
        tools: z
          .array(z.strictObject({ name: z.string(), input: z.string(), output: z.string().optional() }))
          .optional(),
      }),
    )
    .min(2)
    .max(8),
});
export type CorpusSession = z.infer<typeof sessionSchema>;
export type CorpusMessage = CorpusSession['messages'][number];

/**
 * The kind of a query. `typo` is misspelled, also while it is typed; `topic` is one word that many sessions contain
 * and few are about; `keywords` are several as remembered; `paraphrase` uses words that nobody wrote. `recall` is a
 * question as an agent asks it, `pasted` an error or a command with other details than in the session, `spread` has
 * words from several messages.
 */
export const QUERY_KINDS = [
  'error',
  'identifier',
  'path',
  'phrase',
  'negation',
  'prefix',
  'typo',
  'language',
  'topic',
  'keywords',
  'paraphrase',
  'recall',
  'pasted',
  'spread',
] as const;
export type QueryKind = (typeof QUERY_KINDS)[number];

const SEARCH_TYPES = ['fulltext', 'semantic', 'hybrid'] as const;
export type SearchType = (typeof SEARCH_TYPES)[number];

const querySchema = z.strictObject({
  id: z.string().min(1),
  kind: z.enum(QUERY_KINDS),
  query: z.string().min(1),
  /** The searches that should be good at it. */
  types: z.array(z.enum(SEARCH_TYPES)).min(1),
  /** By session key: 3 answers the query, 2 helps, 1 is about the same subject. Every other session is 0. */
  judgments: z.record(z.string(), z.union([z.literal(1), z.literal(2), z.literal(3)])),
  /** Sessions that full text must find, and those it must not, wherever they rank. */
  mustMatch: z.array(z.string()).optional(),
  mustNotMatch: z.array(z.string()).optional(),
});
export type RelevanceQuery = z.infer<typeof querySchema>;

/** Coding sessions of a made-up team, in the order of their files. */
export function loadCorpus(): CorpusSession[] {
  const files = readdirSync(new URL('corpus/', FOLDER)).sort();
  return files.flatMap((file) => z.array(sessionSchema).parse(readJson(`corpus/${file}`)));
}

/** Queries with the answers in the corpus that a person would judge good. */
export function loadQueries(): RelevanceQuery[] {
  return z.array(querySchema).parse(readJson('queries.json'));
}

/** Queries that no session of the corpus is about. */
export function loadNonsense(): string[] {
  return z.array(z.string().min(1)).parse(readJson('nonsense.json'));
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(new URL(path, FOLDER), 'utf8'));
}
