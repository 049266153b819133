import { setTimeout as delay } from 'node:timers/promises';
import { ConfigError, rootReasonOf } from '@opensync/platform';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import type { Output } from './output.ts';
import { jsonLine, TailLines } from './tail-lines.ts';

export interface TailOptions {
  readonly url: string;
  readonly key: string | undefined;
  readonly json: boolean;
  /** Parameters of `GET /api/live`. */
  readonly filters: Readonly<Record<string, string | undefined>>;
}

export interface TailContext {
  readonly output: Output;
  /** Whether lines are for a terminal that shows colours. */
  readonly isColoured: boolean;
  /** Ends the command. */
  readonly signal: AbortSignal;
}

/** The server sends something every 15 s. */
const SILENCE_MS = 45_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** No event of the server is near this. */
const MOST_CHARACTERS = 4 * 1024 * 1024;
/** What no repetition changes. */
const FINAL: ReadonlySet<number> = new Set([400, 401, 403, 404, 406]);

/**
 * Prints what changes until it is interrupted. A stream that breaks is continued where it was.
 * @throws ConfigError if the address, the key or a filter cannot be used
 */
export async function tail(options: TailOptions, context: TailContext): Promise<number> {
  const { output, signal } = context;
  const target = targetOf(options);
  const lines = new TailLines(context.isColoured);
  const show = ({ event = 'message', id, data }: EventSourceMessage) => {
    lastEventId = id ?? lastEventId;
    if (options.json) output.print(jsonLine(event, id, data));
    else for (const line of lines.of(event, data)) output.print(line);
  };
  let lastEventId: string | undefined;
  let pauseMs = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    const since = lastEventId;
    try {
      const retryMs = await follow(target, { lastEventId, show, signal });
      pauseMs = retryMs ?? FIRST_PAUSE_MS;
    } catch (error) {
      if (signal.aborted) break;
      if (error instanceof ConfigError) throw error;
      // It worked until now, so there is no reason to wait longer than the first time.
      if (lastEventId !== since) pauseMs = FIRST_PAUSE_MS;
      const reason = error instanceof RefusedError ? error.message : rootReasonOf(error);
      pauseMs = Math.max(pauseMs, error instanceof RefusedError ? error.retryAfterMs : 0);
      output.note(`OpenSync at ${options.url} is not sending (${reason}); connecting again`);
    }
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
    pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
  }
  return 0;
}

/** The server cannot serve the stream now. */
class RefusedError extends Error {
  readonly retryAfterMs: number;

  constructor(message: string, retryAfterMs: number) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}

interface StreamTarget {
  readonly url: URL;
  readonly key: string;
}

function targetOf({ url, key, filters }: TailOptions): StreamTarget {
  if (!key?.startsWith('osk_')) {
    throw new ConfigError(
      'OPENSYNC_API_KEY: set it to an API key with the scope read; to create one: opensync keys create',
    );
  }
  if (!/^https?:/.test(url) || !URL.canParse(url)) {
    throw new ConfigError(`OPENSYNC_URL: ${url} is not the URL of a server, such as http://localhost:3211`);
  }
  const live = new URL('/api/live', url);
  for (const [name, value] of Object.entries(filters)) if (value !== undefined) live.searchParams.set(name, value);
  return { url: live, key };
}

/** One stream to its end. Resolves with how long the server asks to wait. @throws Error, RefusedError, ConfigError */
async function follow(
  { url, key }: StreamTarget,
  {
    lastEventId,
    show,
    signal,
  }: { lastEventId: string | undefined; show: (message: EventSourceMessage) => void; signal: AbortSignal },
): Promise<number | undefined> {
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(new Error('it is silent')), SILENCE_MS);
  let retryMs: number | undefined;
  try {
    const response = await fetch(url, {
      headers: {
        accept: 'text/event-stream',
        authorization: `Bearer ${key}`,
        ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
      },
      signal: AbortSignal.any([signal, silence.signal]),
    });
    if (!response.ok) throw await refusalOf(response);
    if (!response.headers.get('content-type')?.startsWith('text/event-stream')) {
      throw new ConfigError(`OPENSYNC_URL: ${url.origin} does not send live events; is it an OpenSync server?`);
    }
    const parser = createParser({
      onEvent: show,
      onRetry: (ms) => (retryMs = Math.min(ms, LONGEST_PAUSE_MS)),
      maxBufferSize: MOST_CHARACTERS,
    });
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      timer.refresh();
      parser.feed(chunk);
    }
    return retryMs;
  } finally {
    clearTimeout(timer);
  }
}

async function refusalOf(response: Response): Promise<Error> {
  const body = (await response.json().catch(() => undefined)) as { error?: { message?: string } } | undefined;
  const message = body?.error?.message ?? `it answered ${response.status}`;
  if (FINAL.has(response.status)) return new ConfigError(`The server refuses: ${message}`);
  return new RefusedError(message, 1000 * Number(response.headers.get('retry-after') ?? 0));
}
