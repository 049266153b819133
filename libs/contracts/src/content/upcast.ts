import type { PartSynced } from '../events/schemas.ts';
import { isObject, type Json } from './json.ts';
import { PART_TYPES, partTypeOf, type PartType } from './kinds.ts';
import { shapeOf } from './normalize.ts';

/**
 * A part as it would be stored today. Earlier versions kept unknown types as they were sent, and any value as text.
 * Blobs stay in place: reading events stores nothing. Pure.
 */
export function upcastPart(data: PartSynced): PartSynced {
  const { type, content } = data;
  const isOurs = PART_TYPES.includes(type as PartType);
  if (isOurs && ((type !== 'text' && type !== 'reasoning') || content === undefined || typeof content === 'string')) {
    return data;
  }
  // Content outside the log cannot be inspected here, and was not in our form.
  if (content === undefined) return { ...data, type: isOurs ? type : 'other' };
  const sent: Json = isObject(content) ? { ...content, type } : { type, content };
  // Earlier versions recognised tool parts too.
  const known = partTypeOf(sent as { [key: string]: Json });
  return { ...data, ...(known.startsWith('tool-') ? { type: 'other', content: sent } : shapeOf(sent, [])) };
}
