/**
 * Values that filters compare as a whole, `name:value`: one field of an index has all of them, so that a filter on
 * another such value needs no field of its own. As JSON text, in order, so that equal labels are equal texts.
 */
export type LabelName = 'provider' | 'eval' | 'tag' | 'role' | 'tool' | 'errors' | 'parent';

export function label(name: LabelName, value: string): string {
  return `${name}:${value}`;
}

/** What a store returns of a row from before labels: no session has this. */
export const UNLABELLED = '';

/** Of a session or a message in which a tool failed. */
export const WITH_ERRORS = label('errors', 'true');

export function labelsText(labels: Iterable<string>): string {
  return JSON.stringify([...new Set(labels)].sort());
}

export const NO_LABELS = labelsText([]);

export function labelsIn(text: string | undefined): string[] {
  return text ? (JSON.parse(text) as string[]) : [];
}
