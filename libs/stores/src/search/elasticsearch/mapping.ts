import type { estypes } from '@elastic/elasticsearch';
import { COLUMNS, type Column } from '../columns.ts';

/** Where the tokens of the columns are. They are left out of what is stored: the texts are there already. */
export const wordsField = (column: Column): string => `words.${column}`;

/** The same words as stems, if the server has a stemmer. Affects only ranking, never what matches. */
export const STEMMED_COLUMNS: readonly Column[] = ['title', 'text'];
export const stemsField = (column: Column): string => `${wordsField(column)}.stems`;

/**
 * Prefixes up to this length are indexed. Longer ones are looked up in the dictionary, where few enough words begin
 * with four given characters; with fewer, a phrase that ends in a prefix would meet more than can be enumerated.
 */
const LONGEST_INDEXED_PREFIX = 3;

export const STEM_ANALYZER = 'opensync_stems';

/** Stored to be returned, not indexed. */
const STORED = { type: 'text', index: false } satisfies estypes.MappingProperty;
const KEYWORD = { type: 'keyword' } satisfies estypes.MappingProperty;

const LABELS = { type: 'keyword', ignore_above: 8_000 } satisfies estypes.MappingProperty;

/** Needs nothing but Elasticsearch's core: our own function cuts texts, the server only splits at blanks. */
export function indexMapping({ stemming }: { stemming: boolean }): estypes.MappingTypeMapping {
  return {
    dynamic: 'strict',
    // A request without routing would search the wrong shard, so the server rejects it.
    _routing: { required: true },
    _source: { excludes: ['words'] },
    properties: {
      owner: KEYWORD,
      workspace: KEYWORD,
      visibility: KEYWORD,
      sessionId: KEYWORD,
      messageId: { type: 'keyword', index: false, doc_values: false },
      source: KEYWORD,
      model: KEYWORD,
      projectName: KEYWORD,
      projectPath: KEYWORD,
      createdAt: { type: 'long' },
      // A long one is stored, but not found: a server takes no term of more than 32,766 bytes.
      labels: LABELS,
      ownLabels: LABELS,
      headingVersion: { type: 'long', index: false, doc_values: false },
      firstSequence: { type: 'long' },
      title: STORED,
      text: STORED,
      toolText: STORED,
      long: { properties: { text: STORED, toolText: STORED } },
      words: { properties: Object.fromEntries(COLUMNS.map((column) => [column, wordsMapping(column, stemming)])) },
    },
  };
}

function wordsMapping(column: Column, stemming: boolean): estypes.MappingProperty {
  return {
    type: 'text',
    analyzer: 'whitespace',
    index_prefixes: { min_chars: 1, max_chars: LONGEST_INDEXED_PREFIX },
    ...(stemming &&
      STEMMED_COLUMNS.includes(column) && {
        fields: { stems: { type: 'text', analyzer: STEM_ANALYZER, index_options: 'freqs' } },
      }),
  };
}

/**
 * The server remembers the versions of deleted rows only until the next refresh: rows written for a session after its
 * deletion have lower versions than the deleted ones, and would otherwise be rejected.
 */
export const FORGETS_DELETED: estypes.IndicesIndexSettings = { gc_deletes: '0s' };

/** Shards and all that is not said here follow the operator's index templates and the server's defaults. */
export function indexSettings({ stemming }: { stemming: boolean }): estypes.IndicesIndexSettings {
  return {
    // A copy on a second node, none if there is only one.
    auto_expand_replicas: '0-1',
    // Every write makes itself searchable; this is only for what a crashed writer left.
    refresh_interval: '10s',
    ...FORGETS_DELETED,
    ...(stemming && {
      analysis: {
        filter: { [STEM_ANALYZER]: { type: 'stemmer', language: 'light_english' } },
        analyzer: { [STEM_ANALYZER]: { type: 'custom', tokenizer: 'whitespace', filter: [STEM_ANALYZER] } },
      },
    }),
  };
}
