import { join } from 'node:path';
import { compileFunction } from 'node:vm';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { jest } from '@jest/globals';
import { build, type Rolldown } from 'vite';
import type * as modules from './modules.svelte.ts';

export type Modules = typeof modules;

/** Answers of the server, by method and path; a path without one is not answered, as by a server that is gone. */
export type Answers = Record<string, (request: Request) => Response | Promise<Response>>;

/** The stream that a page opens. */
export class FakeEventSource extends EventTarget {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSED = 2;
  readyState: number = FakeEventSource.CONNECTING;

  send(name: string, data: object = {}): void {
    this.readyState = FakeEventSource.OPEN;
    this.dispatchEvent(new MessageEvent(name, { data: JSON.stringify(data) }));
  }

  /** As a browser does it: after a stream that broke it connects again, after one that was refused it does not. */
  fail(kind: 'broken' | 'refused'): void {
    this.readyState = kind === 'broken' ? FakeEventSource.CONNECTING : FakeEventSource.CLOSED;
    this.dispatchEvent(new Event('error'));
  }

  close(): void {
    this.readyState = FakeEventSource.CLOSED;
  }
}

export interface Browser extends Modules {
  readonly answers: Answers;
  /** Method and path of every request. */
  readonly requests: string[];
  readonly streams: FakeEventSource[];
  /** Waits until nothing happens any more without more time. */
  readonly settled: () => Promise<void>;
  /** Lets time pass. */
  readonly pass: (ms: number) => Promise<void>;
}

let compiled: Promise<string> | undefined;

/** The console's modules in a browser of their own. For specs with jest.useFakeTimers(FAKED). */
export async function inBrowser(answers: Answers): Promise<Browser> {
  compiled ??= compile();
  const requests: string[] = [];
  const streams: FakeEventSource[] = [];
  class EventSource extends FakeEventSource {
    constructor() {
      super();
      streams.push(this);
    }
  }
  const fetch = async (path: string, init?: RequestInit): Promise<Response> => {
    const request = new Request(new URL(path, 'http://console.test'), init);
    const name = `${request.method} ${new URL(request.url).pathname}`;
    requests.push(name);
    const answer = answers[name];
    if (!answer) throw new TypeError('Failed to fetch');
    return answer(request);
  };
  const document = Object.assign(new EventTarget(), { baseURI: 'http://console.test/', hidden: false });
  const globals = { window: new EventTarget(), document, fetch, EventSource };
  const exports = {} as Modules;
  compileFunction(await compiled, ['exports', ...Object.keys(globals)])(exports, ...Object.values(globals));
  const settled = async () => {
    for (let turn = 0; turn < 10; turn++) {
      await new Promise(setImmediate);
      exports.flushSync();
    }
  };
  const pass = async (ms: number) => {
    await settled();
    jest.advanceTimersByTime(ms);
    await settled();
  };
  return { ...exports, answers, requests, streams, settled, pass };
}

export const FAKED: Parameters<typeof jest.useFakeTimers>[0] = {
  doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance'],
};

/** An answer with JSON. */
export function json(body: unknown, init: ResponseInit = {}): Response {
  return new Response(JSON.stringify(body), { headers: { 'content-type': 'application/json' }, ...init });
}

/** An answer whose connection is cut in the middle of its body. */
export function cutShort(): Response {
  const body = new ReadableStream({
    pull(controller) {
      controller.enqueue(new TextEncoder().encode('{"sessions":['));
      controller.error(new TypeError('network error'));
    },
  });
  return new Response(body, { headers: { 'content-type': 'application/json' } });
}

async function compile(): Promise<string> {
  const [output] = [
    await build({
      configFile: false,
      root: join(import.meta.dirname, '../..'),
      logLevel: 'warn',
      plugins: [svelte()],
      build: {
        write: false,
        minify: false,
        target: 'esnext',
        lib: { entry: join(import.meta.dirname, 'modules.svelte.ts'), formats: ['cjs'] },
      },
    }),
  ].flat() as Rolldown.RolldownOutput[];
  return output!.output[0].code;
}
