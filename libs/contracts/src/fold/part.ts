import type { StoredEvent } from '../events/event.ts';
import { partSyncedSchema, type PartSynced, type PayloadReference } from '../events/schemas.ts';
import type { Owner } from '../owner.ts';
import type { MessageHead } from './message.ts';
import { keepUnknown, type Unknown } from './unknown.ts';

export interface PartState {
  readonly id: string;
  readonly owner: Owner;
  readonly messageId: string;
  readonly sessionId: string;
  readonly order: number;
  readonly sequence: number;
  readonly type: string;
  readonly content?: PartSynced['content'];
  readonly contentRef?: PayloadReference;
  readonly tool?: PartSynced['tool'];
  readonly extra?: PartSynced['extra'];
  readonly extraRef?: PayloadReference;
  readonly media?: PartSynced['media'];
  /** Fields of a newer version, which are replaced together with the rest of the event. */
  readonly unknown?: Unknown;
  /**
   * Its message was sent again without it: the content is deleted, and the sequence stays so that a redelivery cannot
   * restore it.
   */
  readonly retired?: true;
}

/** The part after one more `part.synced`: the event with the highest sequence wins as a whole. Pure. */
export function evolvePart(
  state: PartState | undefined,
  event: Extract<StoredEvent, { type: 'dev.opensync.part.synced.v1' }>,
): PartState {
  if (state && state.sequence >= event.sequence) return state;
  const { partId, messageId, sessionId, order, type, ...said } = event.data;
  const unknown = keepUnknown(undefined, event.unknown, event.sequence);
  return {
    id: partId,
    owner: event.owner,
    messageId,
    sessionId,
    order,
    sequence: event.sequence,
    type,
    ...said,
    ...(unknown && { unknown }),
  };
}

/**
 * Whether a message still has this part. A message sent with `parts` replaces its parts: its event gives their
 * number, and they follow with higher sequences. Parts beyond the number, or with lower sequences, belong to an
 * earlier text.
 */
export function isCurrentPart(message: MessageHead | undefined, part: PartState): boolean {
  const partCount = message?.fields.partCount;
  if (part.retired || partCount === undefined) return false;
  return part.order < partCount && part.sequence > message!.sequences.partCount!;
}

/** Whether the part's message was sent again with other parts. */
export function isReplacedPart(
  message: Pick<MessageHead, 'sequences'> | undefined,
  part: Pick<PartState, 'sequence'>,
): boolean {
  const replacedAt = message?.sequences.partCount;
  return replacedAt !== undefined && part.sequence <= replacedAt;
}

/** The part without its content if it was replaced, otherwise the part itself. */
export function settlePart(message: MessageHead | undefined, part: PartState): PartState {
  if (part.retired || !isReplacedPart(message, part)) return part;
  const { id, owner, messageId, sessionId, order, sequence, type } = part;
  return { id, owner, messageId, sessionId, order, sequence, type, retired: true };
}

const BODY_SCHEMAS = partSyncedSchema.omit({ partId: true, messageId: true, sessionId: true, order: true }).shape;

/**
 * A stored part as this version reads it, including fields that the storing process did not know but this version
 * does.
 */
export function recognizedPart(part: PartState): PartState {
  if (!part.unknown) return part;
  const { unknown, ...known } = part;
  const kept = { ...unknown };
  const read: Record<string, unknown> = {};
  for (const [name, [{ value }]] of Object.entries(unknown)) {
    const schema = Object.hasOwn(BODY_SCHEMAS, name) ? BODY_SCHEMAS[name as keyof typeof BODY_SCHEMAS] : undefined;
    const parsed = value === undefined ? undefined : schema?.safeParse(value);
    if (!parsed?.success) continue;
    read[name] = parsed.data;
    delete kept[name];
  }
  return { ...known, ...read, ...(Object.keys(kept).length > 0 && { unknown: kept }) };
}
