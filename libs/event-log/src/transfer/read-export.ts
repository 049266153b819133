import { createHash } from 'node:crypto';
import { hashOfEntry, SECRET_ENTRY } from '../keys/records.ts';
import {
  headerLineSchema,
  lineSchema,
  NO_COUNTS,
  TransferError,
  type HeaderLine,
  type Line,
  type TransferCounts,
} from './lines.ts';

export type ContentLine = Exclude<Line, { kind: 'end' }>;

export interface ExportReader {
  readonly header: HeaderLine;
  /** The lines between header and end, each checked. Throws at the end if some are missing or changed. */
  readonly lines: AsyncIterable<ContentLine>;
  /** How many of each kind were read until now. */
  readonly counts: Readonly<TransferCounts>;
}

/**
 * Reads the lines of an export and checks all that can be checked without a log: that each line is what it should be, that
 * payloads have their digest, entries are those of keys, and no line is missing or changed.
 * @throws TransferError
 */
export async function openExport(lines: AsyncIterable<string>): Promise<ExportReader> {
  const iterator = lines[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done) throw new TransferError('the file is empty');
  const header = parseLine(1, first.value, (value) => headerLineSchema.safeParse(value));
  const digest = createHash('sha256').update(`${first.value}\n`);
  const counts: TransferCounts = { ...NO_COUNTS };

  async function* contents(): AsyncGenerator<ContentLine> {
    let number = 1;
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
      const line: Line = parseLine(++number, next.value, (value) => lineSchema.safeParse(value));
      if (line.kind === 'end') return assertComplete(line, counts, digest.digest('hex'));
      assertSound(number, line);
      digest.update(`${next.value}\n`);
      counts[KEY_OF_COUNT[line.kind]]++;
      if (line.kind === 'key' && line.entry !== SECRET_ENTRY) counts.apiKeys++;
      yield line;
    }
    const { events } = counts;
    throw new TransferError(
      `the file ends after ${events} ${events === 1 ? 'event' : 'events'} without its last line: it was cut off; export it again, then repeat the import`,
    );
  }
  return { header, lines: contents(), counts };
}

const KEY_OF_COUNT = { key: 'keys', payload: 'payloads', lost: 'lost', event: 'events' } as const;

function parseLine<T>(
  number: number,
  text: string,
  parse: (value: unknown) => { success: true; data: T } | { success: false },
): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Reported below.
  }
  const parsed = parse(value);
  if (parsed.success) return parsed.data;
  throw new TransferError(
    number === 1
      ? 'opensync export-log did not write this file, or a newer version of it did'
      : `line ${number} is damaged`,
  );
}

/** A file may come from anywhere: it must not write to any other entry than an export has. */
function assertSound(number: number, line: ContentLine): void {
  const refuse = (what: string) => {
    throw new TransferError(`line ${number}: ${what}`);
  };
  switch (line.kind) {
    case 'key':
      if (line.entry !== SECRET_ENTRY && hashOfEntry(line.entry) === undefined) refuse('not an entry of API keys');
      return;
    case 'payload':
      if (createHash('sha256').update(Buffer.from(line.base64, 'base64')).digest('hex') !== line.sha256) {
        refuse(`the payload ${line.sha256.slice(0, 64)} is damaged`);
      }
      return;
    case 'event':
    case 'lost':
  }
}

function assertComplete(end: Extract<Line, { kind: 'end' }>, counts: TransferCounts, sha256: string): void {
  for (const kind of ['keys', 'payloads', 'lost', 'events'] as const) {
    if (end[kind] === counts[kind]) continue;
    throw new TransferError(`lines are missing (${kind}: ${counts[kind]} of ${end[kind]})`);
  }
  if (end.sha256 !== undefined && end.sha256 !== sha256) {
    throw new TransferError('the file was changed after it was written: its digest does not match');
  }
}
