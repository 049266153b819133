import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { percentile } from '../figures.ts';
import { aMessage } from '../load.ts';

const QUERIES = ['login cookie', 'retry handler undef', 'usestate', 'network slow requ', '"parse error"'];
const WRITES_PER_SECOND = 25;
const SEARCHES_PER_SECOND = 12;

/** What an owner of good behaviour experiences, in milliseconds of each request. */
export interface Experience {
  readonly writes: number[];
  readonly searches: number[];
  /** Requests that were not answered with 2xx. */
  failed: number;
}

export const nothingYet = (): Experience => ({ writes: [], searches: [], failed: 0 });

export const p99 = (times: readonly number[]): number => percentile(times, 0.99);

/** Writes and searches at a fixed rate for so many seconds, whether earlier requests are answered or not. */
export async function experience(url: string, key: string, seconds: number, into: Experience): Promise<void> {
  const agent = new Agent({ keepAlive: true });
  const send = async (times: number[], method: string, path: string, body?: string) => {
    const start = performance.now();
    const status = await statusOf(agent, `${url}${path}`, { method, key, body });
    times.push(performance.now() - start);
    if (status < 200 || status > 299) into.failed++;
  };
  const write = () => send(into.writes, 'POST', '/sync/message', JSON.stringify(aMessage('bench-victim')));
  const search = (at: number) =>
    send(into.searches, 'GET', `/api/search?q=${encodeURIComponent(QUERIES[at % QUERIES.length]!)}`);
  await Promise.all([atRate(WRITES_PER_SECOND, seconds, write), atRate(SEARCHES_PER_SECOND, seconds, search)]);
  agent.destroy();
}

async function atRate(rate: number, seconds: number, act: (at: number) => Promise<void>): Promise<void> {
  const start = performance.now();
  const acts: Promise<void>[] = [];
  for (let at = 0; at < rate * seconds; at++) {
    await delay(Math.max(0, start + (at * 1_000) / rate - performance.now()));
    acts.push(act(at));
  }
  await Promise.all(acts);
}

/** The status of an answer that was read to its end; 0 if there was none. */
function statusOf(
  agent: Agent,
  url: string,
  { method, key, body = '' }: { method: string; key: string; body?: string | undefined },
): Promise<number> {
  return new Promise((resolve) => {
    const headers = {
      authorization: `Bearer ${key}`,
      ...(body && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
    };
    const asked = request(url, { method, agent, headers, timeout: 30_000 }, (answer) => {
      answer.resume();
      answer.once('close', () => resolve(answer.complete ? answer.statusCode! : 0));
    });
    asked.once('timeout', () => asked.destroy());
    asked.once('error', () => resolve(0));
    asked.end(body);
  });
}
