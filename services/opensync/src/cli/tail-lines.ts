import { styleText } from 'node:util';
import { number, printable, quantity } from './output.ts';

/** The events of `GET /api/live`, as far as lines show them. */
interface Shown {
  readonly id?: string;
  readonly sessionId?: string;
  readonly title?: string | null;
  readonly source?: string;
  readonly projectName?: string | null;
  readonly model?: string | null;
  readonly role?: string;
  readonly messageCount?: number;
  readonly totalTokens?: number;
  readonly promptTokens?: number;
  readonly completionTokens?: number;
  readonly updatedAt?: number;
  readonly createdAt?: number;
  readonly sequences?: readonly string[];
}

type Style = Parameters<typeof styleText>[0];

const STYLES: Readonly<Record<string, Style>> = {
  session: 'cyan',
  message: 'green',
  receipt: 'gray',
  gone: 'red',
  reset: 'yellow',
};
const KIND_WIDTH = 7;
const LONGEST_TITLE = 80;
const MOST_TITLES = 1_000;

/** Events as lines for people. It knows the titles of sessions that it has shown, because messages do not repeat them. */
export class TailLines {
  readonly #isColoured: boolean;
  readonly #titles = new Map<string, string>();

  constructor(isColoured: boolean) {
    this.#isColoured = isColoured;
  }

  /** None for events that are for programs. */
  of(event: string, data: string): string[] {
    const shown = parsed(data);
    switch (event) {
      case 'session':
        return [this.#line(event, shown.updatedAt, this.#session(shown))];
      case 'message':
        return [this.#line(event, shown.createdAt, this.#message(shown))];
      case 'gone':
        return [this.#line(event, undefined, [this.#titleOf(shown.sessionId), 'is gone'])];
      case 'receipt':
        return [
          this.#line(event, undefined, [this.#titleOf(shown.sessionId), ...(shown.sequences ?? []).map(printable)]),
        ];
      case 'reset':
        return [this.#line(event, undefined, ['some changes were missed; what follows is complete'])];
      default:
        return [];
    }
  }

  #session({ id = '', title, source, projectName, model, messageCount = 0, totalTokens = 0 }: Shown): string[] {
    this.#titles.delete(id);
    this.#titles.set(id, title ?? id);
    if (this.#titles.size > MOST_TITLES) this.#titles.delete(this.#titles.keys().next().value!);
    return [
      this.#titleOf(id),
      this.#dim([source, projectName, model].filter((name) => name).join(' · ')),
      this.#dim(`${quantity(messageCount, 'messages')}, ${quantity(totalTokens, 'tokens')}`),
    ];
  }

  #message({ sessionId, role = 'unknown', model, promptTokens = 0, completionTokens = 0 }: Shown): string[] {
    const tokens = promptTokens + completionTokens;
    return [
      printable(role),
      'in',
      this.#titleOf(sessionId),
      ...(model ? [this.#dim(model)] : []),
      ...(tokens > 0 ? [this.#dim(`${number(tokens)} tokens`)] : []),
    ];
  }

  #titleOf(id = ''): string {
    const title = printable(this.#titles.get(id) ?? id);
    return title.length <= LONGEST_TITLE ? title : `${[...title].slice(0, LONGEST_TITLE).join('')}…`;
  }

  #line(event: string, time: number | undefined, words: readonly string[]): string {
    const at = time === undefined ? '        ' : new Date(time).toTimeString().slice(0, 8);
    const kind = this.#styled(STYLES[event] ?? 'white', event.padEnd(KIND_WIDTH));
    return `${this.#dim(at)} ${kind} ${words.filter((word) => word !== '').join('  ')}`;
  }

  #dim(text: string): string {
    return this.#styled('dim', printable(text));
  }

  #styled(style: Style, text: string): string {
    return this.#isColoured ? styleText(style, text, { validateStream: false }) : text;
  }
}

/** For programs: one line for each event. */
export function jsonLine(event: string, id: string | undefined, data: string): string {
  return escaped(JSON.stringify({ event, ...(id !== undefined && { id }), data: parsed(data) }));
}

/** Control characters that JSON leaves as they are. */
function escaped(json: string): string {
  return json.replace(/[\u007f-\u009f]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`);
}

/** Nothing if it is no JSON: a newer server may send it. */
function parsed(data: string): Shown {
  try {
    return JSON.parse(data) as Shown;
  } catch {
    return {};
  }
}
