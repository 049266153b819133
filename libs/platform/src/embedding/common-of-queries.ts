/**
 * What all queries have in common: the mean of their vectors. Some passages, such as short ones in a rare script, are near to
 * that and so to every query; and it blurs what tells one query from another. Subtracting a part of it from the vector of a
 * query ranks better (measured: docs/adr/0082). It is the mean of the queries of `libs/stores/src/relevance/nonsense.json`:
 * names, everyday questions and nonsense in eight languages, none of which the relevance suite judges.
 */
export interface CommonOfQueries {
  /** A signed byte for each dimension, as Base64: the length of a vector does not matter here, its direction does. */
  readonly direction: string;
  /** The length of the mean: 1 if all queries were the same. */
  readonly length: number;
  /** How much of it is subtracted. */
  readonly share: number;
}

export const COMMON_OF_E5_SMALL: CommonOfQueries = {
  length: 0.889,
  share: 0.5,
  direction: [
    'K9jJtFPJIzMzAzcXOcrPLT3Sw6Ye/sE5QU/oD0Gbu708sVM2zMdNwf0tPlItO8oixdy5QhI3Q7GrprZAW9kNIUpMI0Kr1b1NDNn8',
    'FBnEIsK00cgrvVFHtkPrNzO+vKvDzj5QyD+7NLLXITu4QbPGN1hDw+LcvDLaWc+9sb7UHTYPGDkfIz86S8H37tPNQcc4QzZ/1l7n',
    'QORPKD/Ju9E2PdOst9681TRRxr7AM7o+8U/LPVow2O+oubTEvyUa1v4w17m7KMlBPyvp2zAnPh20N8c8RKysSb3oAj7OSD3hLJDO',
    'LDu/wkHG2bWqycbrMTG34NY5ojzY4yPwJye728jFOT1LyyAb6Gw8OS7I48nIqyEn17fCGm3S0jw2SVIx4NNEy9DivEXbZBwNTNhD',
    '4r0qO6wdByIeLD88zc04SPwltcLDwfG8PC22yTMBKb3GQMfP5km/wScfuDnZt0nawC1BjhYt0yXdw0MsvNk9LT845AYkxFFEyxnd',
    'tcNFyLRMZCU5',
  ].join(''),
};

/** What tells a query from others, of unit length; the vector itself if it has other dimensions than the model's. */
export function distinctive(query: Float32Array, common: CommonOfQueries | undefined): Float32Array {
  if (!common) return query;
  const direction = directionOf(common);
  if (direction.length !== query.length) return query;
  const rest = query.map((value, at) => value - common.share * common.length * direction[at]!);
  const length = Math.hypot(...rest);
  return length > 0 ? rest.map((value) => value / length) : query;
}

const directions = new WeakMap<CommonOfQueries, Float32Array>();

function directionOf(common: CommonOfQueries): Float32Array {
  const known = directions.get(common);
  if (known) return known;
  const bytes = Float32Array.from(new Int8Array(Buffer.from(common.direction, 'base64')));
  const length = Math.hypot(...bytes);
  const direction = bytes.map((value) => value / length);
  directions.set(common, direction);
  return direction;
}
