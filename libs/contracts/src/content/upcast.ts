import type { PartSynced } from '../events/schemas.ts';
import { isObject, type Json } from './json.ts';
import { PART_TYPES, partTypeOf, type PartType } from './kinds.ts';
import { shapeOf } from './normalize.ts';

/**
 * A part as it would be stored today. Earlier versions kept types that they did not know as they were sent, and text as
 * whatever stood there. Blobs stay where they are: nothing is stored while events are read. Pure.
 */
export function upcastPart(data: PartSynced): PartSynced {
  const { type, content } = data;
  const isOurs = PART_TYPES.includes(type as PartType);
  if (isOurs && ((type !== 'text' && type !== 'reasoning') || content === undefined || typeof content === 'string')) {
    return data;
  }
  // What lies beside the log cannot be looked at, and was none of ours.
  if (content === undefined) return { ...data, type: isOurs ? type : 'other' };
  const sent: Json = isObject(content) ? { ...content, type } : { type, content };
  // A tool's part was recognised as one even then.
  const known = partTypeOf(sent as { [key: string]: Json });
  return { ...data, ...(known.startsWith('tool-') ? { type: 'other', content: sent } : shapeOf(sent, [])) };
}
