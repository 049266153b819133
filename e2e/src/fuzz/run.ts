import fc from 'fast-check';
import { Api } from '../harness/api.ts';
import type { AllInOne } from '../harness/all-in-one.ts';
import { anonymousOf } from '../harness/memory.ts';
import { descendants } from '../harness/processes.ts';
import { searchable } from '../harness/settled.ts';
import { judge, judgeRaw } from './judge.ts';
import { requestsTo, type FuzzRequest } from './requests.ts';
import { asCurl, Sender } from './send.ts';
import { changesOf, viewOf } from './watch.ts';
import { createWorld, type World } from './world.ts';

export interface FuzzOptions {
  readonly seed: number;
  readonly requests: number;
  /** After so many requests the watched owner's data and the process are compared with before. */
  readonly batch: number;
  /** Stop after so many failures. */
  readonly mostFailures: number;
  readonly onProgress?: (sent: number, failures: number) => void;
}

export interface Failure {
  readonly problems: readonly string[];
  /** Commands that send the requests again: one, or all of a batch that may have caused it. */
  readonly commands: readonly string[];
}

export interface FuzzReport {
  readonly sent: number;
  readonly failures: readonly Failure[];
  /** How many answers had each status, by route and by kind of request. */
  readonly byRoute: ReadonlyMap<string, ReadonlyMap<number, number>>;
  readonly byKind: ReadonlyMap<string, ReadonlyMap<number, number>>;
  /** The most memory of the process and its children after a batch, MiB. */
  readonly peakMiB: number;
}

const CONNECTIONS = 16;
/** The process with its nats-server and its model. */
export const MOST_MEMORY_MIB = 1_536;
/** Requests of a batch that are shown if the batch as a whole failed. */
const SHOWN_COMMANDS = 10;
/** In the place of a status: the connection was closed, or there was no complete request to answer. */
const NO_STATUS = 0;

/** Sends random requests to a product that has just started, and watches another owner's data. */
export async function fuzz(product: AllInOne, options: FuzzOptions, given?: World): Promise<FuzzReport> {
  const world = given ?? (await createWorld(product));
  using sender = new Sender(world, CONNECTIONS);
  return new Run(product, { world, sender, options }).run();
}

class Run {
  readonly #product: AllInOne;
  readonly #world: World;
  readonly #sender: Sender;
  readonly #options: FuzzOptions;
  readonly #failures: Failure[] = [];
  readonly #byRoute = new Map<string, Map<number, number>>();
  readonly #byKind = new Map<string, Map<number, number>>();
  #sent = 0;
  #peakMiB = 0;

  constructor(product: AllInOne, { world, sender, options }: { world: World; sender: Sender; options: FuzzOptions }) {
    this.#product = product;
    this.#world = world;
    this.#sender = sender;
    this.#options = options;
  }

  async run(): Promise<FuzzReport> {
    const { seed, requests, batch, mostFailures, onProgress } = this.#options;
    const before = await viewOf(this.#world);
    const random = requestsTo(this.#world);
    for (let at = 0; at < requests && this.#failures.length < mostFailures; at += batch) {
      const some = fc.sample(random, { seed: seed + at, numRuns: Math.min(batch, requests - at) });
      await this.#sendAll(some);
      if (!(await this.#check(before, some))) break;
      onProgress?.(this.#sent, this.#failures.length);
    }
    return {
      ...{ sent: this.#sent, failures: this.#failures, peakMiB: this.#peakMiB },
      ...{ byRoute: this.#byRoute, byKind: this.#byKind },
    };
  }

  async #sendAll(requests: readonly FuzzRequest[]): Promise<void> {
    const pending = requests[Symbol.iterator]();
    const client = async () => {
      for (const request of pending) await this.#send(request);
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, client));
  }

  async #send(request: FuzzRequest): Promise<void> {
    this.#sent++;
    let problems: readonly string[];
    let status = NO_STATUS;
    try {
      if (request.raw) {
        problems = judgeRaw(await this.#sender.sendRaw(request.raw), this.#world);
      } else {
        const answer = await this.#sender.send(request);
        status = answer.status;
        problems = judge(request, answer, this.#world);
      }
    } catch (error) {
      problems = [`no answer: ${String(error)}`];
    }
    count(this.#byRoute, request.route, status);
    count(this.#byKind, request.kind, status);
    if (problems.length > 0) this.#failures.push({ problems, commands: [asCurl(request)] });
  }

  /** @returns whether the product can go on */
  async #check(before: Awaited<ReturnType<typeof viewOf>>, requests: readonly FuzzRequest[]): Promise<boolean> {
    const problems: string[] = [];
    try {
      await this.#applied();
      problems.push(...changesOf(before, await viewOf(this.#world)));
      problems.push(...(await this.#memoryProblems()));
    } catch (error) {
      problems.push(`the product does not serve: ${error instanceof Error ? error.message : String(error)}`);
    }
    const log = this.#product.takeLog();
    const { secrets, markers } = this.#world;
    const logged = [...secrets, ...markers].filter((secret) => log.includes(secret));
    problems.push(...logged.map((secret) => `the log shows ${secret}`));
    if (problems.length === 0) return true;
    const successful = requests.filter(({ key, method }) => key !== 'none' && method !== 'GET').slice(-SHOWN_COMMANDS);
    this.#failures.push({ problems, commands: successful.map(asCurl) });
    return false;
  }

  /** Waits until what was written is in documents and full text: this later write of a caller is behind it in every queue. */
  async #applied(): Promise<void> {
    const api = new Api(this.#world.url, this.#world.keys.full!.replace('Bearer ', ''));
    await searchable(api, await api.syncSession({ externalId: 'the-end-of-a-batch', title: `After ${this.#sent}` }));
  }

  async #memoryProblems(): Promise<string[]> {
    const { pid } = this.#product;
    const children = await descendants(pid);
    const sizes = await Promise.all(
      [pid, ...children.map((child) => child.pid)].map((id) => anonymousOf(id).catch(() => 0)),
    );
    const used = Math.round(sizes.reduce((sum, size) => sum + size, 0));
    this.#peakMiB = Math.max(this.#peakMiB, used);
    return used > MOST_MEMORY_MIB ? [`the process has ${used} MiB, more than ${MOST_MEMORY_MIB}`] : [];
  }
}

function count(counts: Map<string, Map<number, number>>, name: string, status: number): void {
  const statuses = counts.get(name) ?? new Map<number, number>();
  counts.set(name, statuses.set(status, (statuses.get(status) ?? 0) + 1));
}
