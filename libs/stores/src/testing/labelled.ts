import type { SessionFilter } from '../filters.ts';
import { labelsText } from '../labels.ts';

/** Rows with labels for the conformance suites of the indexes. */
export const LABELLED = [
  { id: 'a', labels: labelsText(['provider:anthropic', 'tag:good', 'eval:golden']) },
  { id: 'b', labels: labelsText(['provider:openai', 'tag:good', 'tag:a "quoted" one']) },
  { id: 'c', labels: labelsText(['provider:open', 'tag:Zo\u00eb', 'errors:true']) },
] as const;

/** What filters find of them. */
export const BY_LABELS: readonly (readonly [SessionFilter, readonly string[]])[] = [
  [{ provider: 'anthropic' }, ['a']],
  [{ provider: 'open' }, ['c']],
  [{ tag: 'good' }, ['a', 'b']],
  [{ tag: 'goo' }, []],
  [{ tag: 'quoted' }, []],
  [{ tag: 'a "quoted" one' }, ['b']],
  [{ tag: 'Zoe\u0308' }, ['c']],
  [{ evalStatus: 'golden' }, ['a']],
  [{ evalStatus: 'correct' }, []],
  [{ tag: 'good', provider: 'openai' }, ['b']],
  [{ provider: 'eval:golden' }, []],
  [{ hasErrors: true }, ['c']],
  [{ hasErrors: false }, ['a', 'b']],
  [{ hasErrors: false, tag: 'good', provider: 'openai' }, ['b']],
];
