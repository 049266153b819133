import type { Outline } from '../../api/types.ts';
import { isEdit } from '../../content/tools.ts';

/** What a person can leave out of a session. */
export const KIND_GROUPS = [
  { name: 'prompts', title: 'Prompts', kinds: ['prompt'] },
  { name: 'answers', title: 'Answers', kinds: ['text', 'media', 'other'] },
  { name: 'tools', title: 'Tools', kinds: ['tool-call'] },
  { name: 'results', title: 'Results', kinds: ['tool-result'] },
  { name: 'reasoning', title: 'Reasoning', kinds: ['reasoning'] },
] as const;
export type KindGroup = (typeof KIND_GROUPS)[number]['name'];

/** Results are shown with their calls. */
export const USUAL_GROUPS: readonly KindGroup[] = ['prompts', 'answers', 'tools', 'reasoning'];

export const DENSITIES = ['compact', 'normal', 'full', 'focus'] as const;
export type Density = (typeof DENSITIES)[number];

/** A message as the outline has it. */
export interface Row {
  readonly id: string;
  readonly position: string;
  readonly role: string;
  readonly kind: string;
  readonly tools: readonly string[];
  readonly isError: boolean;
  readonly tokens: number;
  readonly createdAt: number;
  /** Lines of 80 characters. */
  readonly height: number;
}

export function rowsOf({ roles, kinds, tools, columns }: Outline): Row[] {
  return columns.id.map((id, at) => ({
    id,
    position: columns.position[at]!,
    role: roles[columns.role[at]!] ?? 'unknown',
    kind: kinds[columns.kind[at]!] ?? 'other',
    tools: columns.tools[at]!.map((index) => tools[index]!),
    isError: columns.error[at] === 1,
    tokens: columns.tokens[at]!,
    createdAt: columns.createdAt[at]!,
    height: columns.height[at]!,
  }));
}

/** A prompt and what followed. */
export interface Turn {
  readonly row: Row;
  /** Place in the session. */
  readonly at: number;
  readonly messages: number;
  readonly tools: number;
  readonly errors: number;
}

export function turnsOf(rows: readonly Row[]): Turn[] {
  const turns: { row: Row; at: number; messages: number; tools: number; errors: number }[] = [];
  for (const [at, row] of rows.entries()) {
    if (row.kind === 'prompt') turns.push({ row, at, messages: 0, tools: 0, errors: 0 });
    const turn = turns.at(-1);
    if (!turn) continue;
    turn.messages++;
    if (row.kind === 'tool-call') turn.tools++;
    if (row.isError) turn.errors++;
  }
  return turns;
}

/** The rows that are shown, in order. */
export function shownRows(rows: readonly Row[], groups: ReadonlySet<KindGroup>, density: Density): Row[] {
  const wanted = density === 'focus' ? new Set<KindGroup>(['prompts', 'answers']) : groups;
  const kinds = new Set<string>(KIND_GROUPS.flatMap(({ name, kinds: of }) => (wanted.has(name) ? of : [])));
  return rows.filter(({ kind }) => kinds.has(kind));
}

export const PLACES = {
  prompt: ({ kind }: Row) => kind === 'prompt',
  error: ({ isError }: Row) => isError,
  edit: ({ kind, tools }: Row) => kind !== 'tool-result' && tools.some(isEdit),
} as const;
export type PlaceKind = keyof typeof PLACES;

/** The next place of a kind after a row, or before it. -1: there is none. */
export function nextPlace(rows: readonly Row[], from: number, kind: PlaceKind, step: 1 | -1): number {
  const fits = PLACES[kind];
  for (let at = from + step; at >= 0 && at < rows.length; at += step) if (fits(rows[at]!)) return at;
  return -1;
}
