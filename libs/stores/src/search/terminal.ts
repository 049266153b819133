/**
 * Terminal output as a person sees it. Colours, links, titles and cursor movements are not text; a progress bar is
 * its last state; an overstruck letter is one letter.
 * Sequences are those of ECMA-48, 7-bit (`ESC [`) and 8-bit (`U+009B`), and of xterm: control sequences (CSI),
 * strings (OSC, DCS, APC, PM, SOS), character sets and single characters. An unterminated string loses only its
 * introducer.
 */

/** Whether a text needs any of this work; a CRLF does not. */
const CONTROLS = /[\b\x0e\x0f\x1b\x80-\x9f]|\r(?!\n)/;

const CONTROL_SEQUENCE = String.raw`(?:\x1b\[|\x9b)(?<parameters>[0-?]*)[ -\/]*(?<final>[@-~])`;
/** Titles and links, on one line; what ends them is BEL or ST. */
const COMMAND_STRING = String.raw`(?:\x1b[\]k]|\x9d)[^\x00-\x1f\x7f-\x9f]*(?:\x07|\x1b\\|\x9c)`;
/** Pictures, answers and messages to programs, maybe over lines. */
const DEVICE_STRING = String.raw`(?:\x1b[PX^_]|[\x90\x98\x9e\x9f])[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*(?:\x07|\x1b\\|\x9c)`;
const SEQUENCES = new RegExp(
  [
    CONTROL_SEQUENCE,
    COMMAND_STRING,
    DEVICE_STRING,
    // A character set, or one that was cut off.
    String.raw`\x1b[ -\/]+[0-~]?`,
    String.raw`(?<cut>\x1b\[[0-?]*[ -\/]*)`,
    String.raw`(?<single>\x1b[0-~]?|[\x80-\x9f])`,
    String.raw`[\x0e\x0f]`,
  ].join('|'),
  'g',
);

/** Stand for "erase to the end of the line" and "erase the line" once {@link SEQUENCES} took both characters out. */
const ERASE_END = '\x0e';
const ERASE_LINE = '\x0f';
const OVERWRITES = /[\b\r\x0e\x0f]/;
const LONGEST_MOVE = 256;

export function visibleText(text: string): string {
  if (!CONTROLS.test(text)) return text;
  const plain = text.replace(SEQUENCES, (...match) => effectOf(match.at(-1) as SequenceParts));
  if (!OVERWRITES.test(plain)) return plain;
  const lines = hasOldLineEnds(plain) ? plain.replaceAll('\r', '\n') : plain.replace(/\r+(?=\n|$)/g, '');
  return lines.split('\n').map(shown).join('\n');
}

interface SequenceParts {
  readonly parameters?: string;
  readonly final?: string;
  readonly single?: string;
}

/** What a sequence leaves behind: a move over the line parts words, a colour does not. */
function effectOf({ parameters, final, single }: SequenceParts): string {
  // U+0085 is a line end; other single ones are mostly text in a wrong encoding, and part words as punctuation does.
  if (single !== undefined)
    return single === '\x85' || single === '\x1bE' ? '\n' : single.startsWith('\x1b') ? '' : ' ';
  if (final === undefined) return '';
  const count = Math.min(Number.parseInt(parameters || '0', 10) || 0, LONGEST_MOVE);
  switch (final) {
    case 'K':
      return count === 0 ? ERASE_END : ERASE_LINE;
    case 'D':
      return '\b'.repeat(Math.max(1, count));
    case 'G':
    case '`':
      return count <= 1 ? '\r' : ' ';
    case 'C':
    case 'I':
    case 'a':
      return ' ';
    case 'A':
    case 'B':
    case 'E':
    case 'F':
    case 'H':
    case 'J':
    case 'd':
    case 'e':
    case 'f':
      return '\n';
    default:
      return '';
  }
}

/** A line as it looks after everything that overwrote it. */
function shown(line: string): string {
  if (!OVERWRITES.test(line)) return line;
  const cells: string[] = [];
  let at = 0;
  for (const character of line) {
    switch (character) {
      case '\r':
        at = 0;
        break;
      case '\b':
        at = Math.max(0, at - 1);
        break;
      case ERASE_END:
        cells.length = Math.min(cells.length, at);
        break;
      case ERASE_LINE:
        cells.length = 0;
        at = 0;
        break;
      default:
        // Underlined text is `_`, backspace and the letter, or the letter first.
        if (character !== '_' || isBlank(cells[at])) cells[at] = character;
        at += 1;
    }
  }
  return cells.slice(0, at).join('') + withoutTornWord(cells, at);
}

/** The visible remainder of a longer state behind the last one; a word of which only the end is left is dropped. */
function withoutTornWord(cells: readonly string[], from: number): string {
  let at = from;
  while (at < cells.length && !isBlank(cells[at])) at += 1;
  return cells.slice(at).join('');
}

function isBlank(character: string | undefined): boolean {
  return character === undefined || character === ' ' || character === '\t';
}

const FEWEST_LINES = 4;
const SHORTEST_LINES = 12;

/**
 * Whether carriage returns end the lines of a text, as they did on old systems. In a progress bar a state resembles the
 * one before.
 */
function hasOldLineEnds(text: string): boolean {
  if (text.includes('\n')) return false;
  const states = text.split('\r').filter((state) => state.trim() !== '');
  if (states.length < FEWEST_LINES || text.length / states.length < SHORTEST_LINES) return false;
  return states.every((state, at) => at === 0 || !resemble(state, states[at - 1]!));
}

function resemble(state: string, before: string): boolean {
  const [words, others] = [lettersOf(state), lettersOf(before)];
  return words[0] === others[0] || words.at(-1) === others.at(-1);
}

function lettersOf(state: string): string[] {
  return state.match(/\p{L}+/gu) ?? [''];
}
