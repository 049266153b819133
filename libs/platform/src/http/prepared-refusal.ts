import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AppError } from '../errors.ts';
import { errorAnswer } from './error-answer.ts';
import { requestIdOf } from './request-id.ts';
import type { StandingHeaders } from './standing-headers.ts';

/** Stands for the id of a request. */
const ID = '{id}';
const ID_HEADER = 'x-request-id';
const LENGTH_HEADER = 'content-length';

/** Of one origin: names and values in turn, as Node takes them without a look at each. */
interface Head {
  readonly lines: string[];
  readonly idAt: number;
  readonly lengthAt: number;
}

/** The answer to an error that thousands of requests have each second. It differs only by their ids, so the rest is made once. */
export class PreparedRefusal {
  readonly #status: number;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #before: string;
  readonly #after: string;
  readonly #headersFor: StandingHeaders;
  /** By the standing headers, of which there is one object for each origin that is allowed. */
  readonly #heads = new WeakMap<ReturnType<StandingHeaders>, Head>();

  constructor(error: AppError, headersFor: StandingHeaders) {
    const { status, headers, body } = errorAnswer(error, ID);
    this.#status = status;
    this.#headers = headers;
    [this.#before, this.#after] = JSON.stringify(body).split(ID) as [string, string];
    this.#headersFor = headersFor;
  }

  answer(request: IncomingMessage, response: ServerResponse): void {
    // Has nothing that JSON escapes.
    const id = requestIdOf(request);
    const text = this.#before + id + this.#after;
    const { lines, idAt, lengthAt } = this.#headOf(this.#headersFor(request.headers.origin));
    lines[idAt] = id;
    lines[lengthAt] = String(Buffer.byteLength(text));
    response.writeHead(this.#status, lines);
    response.end(text);
  }

  #headOf(standing: ReturnType<StandingHeaders>): Head {
    let head = this.#heads.get(standing);
    if (!head) {
      const headers = { ...standing, ...this.#headers, 'content-type': 'application/json; charset=utf-8' };
      const lines = Object.entries({ ...headers, [LENGTH_HEADER]: '' }).flat();
      head = { lines, idAt: lines.indexOf(ID_HEADER) + 1, lengthAt: lines.indexOf(LENGTH_HEADER) + 1 };
      this.#heads.set(standing, head);
    }
    return head;
  }
}
