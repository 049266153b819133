import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from '@opensync/testkit';
import { positionOf, type Api } from './api.ts';

const MESSAGES_PER_SESSION = 25;
const BATCH = 10;
const PATIENCE_MS = 60_000;
const MOST_REFUSALS = 20;
/** The last part of a message that is sent again: it has one more than before. */
const MORE = { type: 'tool-result', content: 'one more' };

export interface SentMessage {
  readonly sessionExternalId: string;
  readonly externalId: string;
  readonly role: string;
  /** Holds `word`, which no other message has. */
  readonly textContent: string;
  readonly parts?: readonly { readonly type: string; readonly content: unknown }[];
}

/** What a client sent, and the answers it got. */
export class Ledger {
  readonly api: Api;
  readonly sessions = new Set<string>();
  /** The messages as they were acknowledged last, or sent first. */
  readonly sent = new Map<string, SentMessage>();
  /**
   * Messages that were sent again with other parts, without an acknowledgement: either version may be stored,
   * completely.
   */
  readonly sentAgain = new Map<string, SentMessage>();
  /**
   * Earlier versions of messages that were never acknowledged, or so late that the gateway has sent them twice
   * (`slowMs` of the load). A hanging server of the log may hold such a write and store it when it continues, after a
   * later acknowledged one: nobody can prevent that.
   */
  readonly unsettled = new Map<string, SentMessage[]>();
  /** Message ids with a 2xx. */
  readonly acknowledged = new Set<string>();
  /** Sessions that were acknowledged by themselves or through a message. */
  readonly acknowledgedSessions = new Set<string>();
  /** Positions of the last event of each write with a 2xx. */
  readonly positions: string[] = [];
  /** Answers that a client must never get: neither success nor a retryable error. */
  readonly unexpected: string[] = [];
  /** The first attempts without an acknowledgement: when, and what came instead. */
  readonly refusals: string[] = [];

  constructor(api: Api) {
    this.api = api;
  }
}

/** The one word of a message that no other has: letters only and of one length, so that no word begins another. */
export function wordOf(externalId: string): string {
  let number = Number(externalId.slice(externalId.indexOf('-') + 1));
  let letters = '';
  for (let place = 0; place < 5; place++) {
    letters += String.fromCharCode(97 + (number % 26));
    number = Math.floor(number / 26);
  }
  return `zq${letters}`;
}

/**
 * Concurrent plugins that sync sessions, messages and batches. Every other one repeats unacknowledged requests until
 * they are acknowledged, as plugins with a queue do; the rest lose them, so that the fate of some writes is unknown.
 */
export class Load {
  readonly ledgers: readonly Ledger[];
  readonly #running: Promise<void>;
  readonly #pauseMs: number;
  readonly #slowMs: number;
  readonly #patienceMs: number;
  #stopped = false;
  #messages = 0;

  /**
   * @param apis one owner each
   * @param options.pauseMs what each client waits between two requests; by default it sends as fast as it is answered
   * @param options.slowMs from when on an acknowledged write may have been sent twice, to a server of the log that hung; by
   *   default none is
   * @param options.patienceMs how long the product may refuse, and take for what `progress` waits for
   */
  constructor(
    apis: readonly Api[],
    clients: number,
    { pauseMs = 0, slowMs = Infinity, patienceMs = PATIENCE_MS } = {},
  ) {
    this.#pauseMs = pauseMs;
    this.#slowMs = slowMs;
    this.#patienceMs = patienceMs;
    this.ledgers = apis.map((api) => new Ledger(api));
    this.#running = Promise.all(
      Array.from({ length: clients }, (_, index) =>
        this.#client(this.ledgers[index % apis.length]!, index, index % (apis.length * 2) < apis.length),
      ),
    ).then(() => undefined);
  }

  get acknowledged(): number {
    return this.ledgers.reduce((total, { acknowledged }) => total + acknowledged.size, 0);
  }

  /** Resolves once this many more messages were acknowledged. */
  async progress(messages: number): Promise<void> {
    const goal = this.acknowledged + messages;
    await Promise.race([
      waitFor(() => this.acknowledged >= goal, {
        timeoutMs: this.#patienceMs,
        what: `${messages} more acknowledgements`,
      }),
      this.#running,
    ]);
  }

  /** Lets every client finish its current request. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  /** Also after a failed test, for the next one. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await this.#running.catch(() => undefined);
  }

  async #client(ledger: Ledger, client: number, persistent: boolean): Promise<void> {
    for (let round = 0; !this.#stopped; round++) {
      const session = `load-${client}-${round}`;
      ledger.sessions.add(session);
      await this.#send(
        ledger,
        persistent,
        '/sync/session',
        { externalId: session, title: `Round ${round}` },
        [session],
        [],
      );
      for (let sent = 0; sent < MESSAGES_PER_SESSION && !this.#stopped;) {
        const size = round % 3 === 2 ? BATCH : 1;
        const messages = Array.from({ length: size }, () => this.#message(session));
        for (const message of messages) ledger.sent.set(message.externalId, message);
        const [path, body] = size > 1 ? ['/sync/batch', { sessions: [], messages }] : ['/sync/message', messages[0]!];
        await this.#send(ledger, persistent, path as string, body as object, [session], messages);
        for (const message of messages) {
          if (!message.parts) continue;
          const again = {
            ...message,
            parts: [{ type: 'tool-result', content: 'instead' }, ...message.parts.slice(1), MORE],
          };
          ledger.sentAgain.set(message.externalId, again);
          await this.#send(ledger, persistent, '/sync/message', again, [session], [again]);
        }
        if (this.#pauseMs > 0) await delay(this.#pauseMs);
        sent += size;
      }
    }
  }

  #message(sessionExternalId: string): SentMessage {
    const externalId = `message-${this.#messages++}`;
    const textContent = `Note ${wordOf(externalId)} of the load`;
    const base = { sessionExternalId, externalId, role: 'assistant', textContent };
    if (this.#messages % 10 !== 0) return base;
    return {
      ...base,
      parts: [
        { type: 'tool-call', content: { toolName: 'Bash', args: { command: 'true' } } },
        { type: 'tool-result', content: 'done' },
      ],
    };
  }

  async #send(
    ledger: Ledger,
    persistent: boolean,
    path: string,
    json: object,
    sessions: readonly string[],
    messages: readonly SentMessage[],
  ): Promise<void> {
    const unsettled = () => {
      for (const message of messages) {
        const earlier = ledger.unsettled.get(message.externalId) ?? [];
        ledger.unsettled.set(message.externalId, [...earlier, message]);
      }
    };
    do {
      const asked = performance.now();
      let cutOff: unknown;
      // Undefined: refused or cut off.
      const answer = await ledger.api
        .request(path, { json })
        .catch((error: Error) => void (cutOff = error.cause ?? error));
      const status = answer?.status;
      if (answer && status === 200) {
        ledger.positions.push(positionOf(answer.headers));
        if (performance.now() - asked > this.#slowMs) unsettled();
        for (const session of sessions) ledger.acknowledgedSessions.add(session);
        for (const message of messages) {
          ledger.acknowledged.add(message.externalId);
          ledger.sent.set(message.externalId, message);
          ledger.sentAgain.delete(message.externalId);
        }
        return;
      }
      unsettled();
      if (ledger.refusals.length < MOST_REFUSALS) {
        const reason = answer ? `${status} ${JSON.stringify(answer.body)}` : String(cutOff);
        ledger.refusals.push(
          `${new Date().toISOString()} ${path}, after ${Math.round(performance.now() - asked)} ms: ${reason}`,
        );
      }
      if (status !== undefined && status !== 503) ledger.unexpected.push(`${path} answered ${status}`);
      // Plugins wait as Retry-After says; the tests wait for the product to serve.
      await waitFor(() => this.#stopped || serves(ledger.api), {
        ...{ timeoutMs: this.#patienceMs, intervalMs: 50 },
        what: 'a product that serves',
      });
    } while (persistent && !this.#stopped);
  }
}

async function serves(api: Api): Promise<boolean> {
  return (await api.request('/readyz')).status === 200;
}
