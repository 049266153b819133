import { STREAM, streamEnds } from '@opensync/event-log';
import { DeadLetters, requestReplay, type LetterFacts } from '@opensync/event-log/dead-letters';
import type { Settings } from '@opensync/platform';
import { bodyOfLetter, replayLetters, type Replayed } from '@opensync/query/operate';
import { COMMAND } from './command-name.ts';
import { bytes, moment, number, pairs, quantity, table, type Output } from './output.ts';
import { provideStreams, withTarget, type Target } from './target.ts';

/** Which dead letters: some by their sequence, or all (of one consumer). */
export type LetterSelection =
  { readonly sequences: readonly number[] } | { readonly sequences: 'all'; readonly consumer: string | undefined };

interface Presentation {
  readonly json: boolean;
  readonly output: Output;
}

const PAGE = 200;
const REASON_CHARACTERS = 60;
const NONE = 'There are no dead letters.';

export async function listDeadLetters(
  settings: Settings,
  { consumer, limit }: { consumer: string | undefined; limit: number },
  { json, output }: Presentation,
): Promise<number> {
  return withDeadLetters(settings, output, async (deadLetters) => {
    const letters = await deadLetters.list({ ...(consumer !== undefined && { consumer }), limit });
    if (json) {
      output.print(JSON.stringify(letters.map(named)));
      return 0;
    }
    if (letters.length === 0) {
      output.note(NONE);
      return 0;
    }
    const rows = letters.map((letter) => [
      String(letter.sequence),
      letter.consumer,
      letter.kind,
      letter.documentId ?? String(letter.originalSequence),
      String(letter.attempts),
      moment(letter.time),
      shortened(letter.reason),
    ]);
    output.print(table(['ID', 'CONSUMER', 'KIND', 'ABOUT', 'ATTEMPTS', 'SINCE', 'REASON'], rows));
    if (letters.length === limit) output.note(`Showing the first ${limit}; use --limit to see more.`);
    return 0;
  });
}

export async function showDeadLetter(
  settings: Settings,
  sequence: number,
  { json, output }: Presentation,
): Promise<number> {
  return withDeadLetters(settings, output, async (deadLetters) => {
    const letter = await deadLetters.facts(sequence);
    if (!letter) return notThere(sequence, output);
    const text = await bodyOfLetter(deadLetters, sequence);
    if (json) {
      output.print(JSON.stringify({ ...named(letter), ...text }));
      return 0;
    }
    const facts: [string, string][] = [
      ['ID', String(letter.sequence)],
      ['Consumer', letter.consumer],
      ['Kind', letter.kind],
      ['Reason', letter.reason],
      ...(letter.documentId === undefined ? [] : [['Document', letter.documentId] as [string, string]]),
      ['Subject', letter.originalSubject],
      ['Sequence', String(letter.originalSequence)],
      ['Attempts', String(letter.attempts)],
      ['Since', `${moment(letter.time)} UTC`],
      ...Object.entries(letter.headers),
      ['Body', `${bytes(letter.bytes)}${'base64' in text ? ', not text, as base64' : ''}`],
    ];
    output.print(`${pairs(facts)}\n\n${Object.values(text)[0]}`);
    return 0;
  });
}

/** Exit code 1 if one of them was not processed. */
export async function replayDeadLetters(
  settings: Settings,
  selection: LetterSelection,
  { json, output }: Presentation,
): Promise<number> {
  return withDeadLetters(settings, output, async (deadLetters, { nc }) => {
    const outcomes: Replayed[] = [];
    const replay = (letter: LetterFacts) => requestReplay(nc, letter);
    for await (const outcome of replayLetters({ deadLetters, replay }, selected(deadLetters, nc, selection))) {
      if (outcome.kind === 'later') break;
      outcomes.push(outcome);
      if (!json) output.print(`${outcome.id}  ${describe(outcome)}`);
    }
    if (json) output.print(JSON.stringify(outcomes));
    const processed = outcomes.filter(({ kind }) => kind === 'processed').length;
    if (!json)
      output.note(outcomes.length === 0 ? NONE : `${number(processed)} of ${number(outcomes.length)} processed.`);
    return processed === outcomes.length ? 0 : 1;
  });
}

export async function dropDeadLetters(
  settings: Settings,
  selection: LetterSelection,
  { json, output }: Presentation,
): Promise<number> {
  return withDeadLetters(settings, output, async (deadLetters, { nc }) => {
    const dropped: number[] = [];
    let missing = 0;
    for await (const sequence of selected(deadLetters, nc, selection)) {
      if (await deadLetters.drop(sequence)) dropped.push(sequence);
      else missing += notThere(sequence, output);
    }
    if (json) output.print(JSON.stringify({ dropped }));
    else if (dropped.length + missing === 0) output.note(NONE);
    else output.note(`${quantity(dropped.length, 'dead letters')} dropped.`);
    return missing === 0 ? 0 : 1;
  });
}

/** The current letters: one that fails again comes back at the end. */
async function* selected(
  deadLetters: DeadLetters,
  nc: Target['nc'],
  selection: LetterSelection,
): AsyncGenerator<number> {
  if (selection.sequences !== 'all') {
    yield* selection.sequences;
    return;
  }
  const { consumer } = selection;
  const { last } = await streamEnds(nc, STREAM.deadLetters);
  for (let after = 0; after < last;) {
    const page = await deadLetters.list({ ...(consumer !== undefined && { consumer }), after, limit: PAGE });
    for (const letter of page) if (letter.sequence <= last) yield letter.sequence;
    after = page.at(-1)?.sequence ?? last;
  }
}

async function withDeadLetters(
  settings: Settings,
  output: Output,
  work: (deadLetters: DeadLetters, target: Target) => Promise<number>,
): Promise<number> {
  return withTarget(settings, { create: false, note: output.note }, async (target) => {
    await provideStreams(target, settings);
    return work(new DeadLetters(target.nc), target);
  });
}

/** As commands show it: with its id, without its body. */
function named({ sequence: id, ...facts }: LetterFacts) {
  return { id, ...facts, body: undefined };
}

function describe(outcome: Replayed): string {
  switch (outcome.kind) {
    case 'processed':
      return 'processed';
    case 'failed':
      return `failed again after ${quantity(outcome.attempts, 'attempts')}, new id ${outcome.sequence}: ${outcome.reason}`;
    case 'unavailable':
      return `not replayed: ${outcome.reason}`;
    case 'missing':
      return 'there is no such dead letter';
    case 'later':
      return 'not replayed yet';
  }
}

function notThere(sequence: number, output: Output): 1 {
  output.note(`opensync: there is no dead letter ${sequence}; see: ${COMMAND} dlq list`);
  return 1;
}

function shortened(text: string): string {
  return text.length <= REASON_CHARACTERS ? text : `${text.slice(0, REASON_CHARACTERS - 1)}…`;
}
