import { createParser } from 'eventsource-parser';
import { request, type Query } from '../../api/client.ts';
import { ApiError, isAbort } from '../../api/errors.ts';
import { changeOf, type Change } from './feed.ts';

/** The server sends something every 15 seconds. */
const SILENT_MS = 45_000;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 30_000;

export interface StreamListener {
  /** Changes that arrived together. */
  readonly onChanges: (changes: readonly Change[]) => void;
  /** From here on, changes arrive as they happen. */
  readonly onOpen: () => void;
  /** The stream is away; it is opened again by itself, unless the login ended or the server is lost. */
  readonly onAway: (error: ApiError | undefined) => void;
  /** Where to continue after this. */
  readonly onPosition: (id: string) => void;
}

/**
 * Reads the stream until it is aborted, and again when it breaks, from where it was. `EventSource` cannot begin at a position, which
 * is what continues after a pause. Ends when only another login or the return of the server helps: both are noticed elsewhere.
 */
export async function readLive(
  query: Query,
  lastId: string | undefined,
  listener: StreamListener,
  signal: AbortSignal,
): Promise<void> {
  let at = lastId;
  let pauseMs = FIRST_RETRY_MS;
  while (!signal.aborted) {
    let failure: ApiError | undefined;
    try {
      const ended = await readOnce(query, at, signal, {
        ...listener,
        onPosition: (id) => listener.onPosition((at = id)),
        onOpen: () => {
          pauseMs = FIRST_RETRY_MS;
          listener.onOpen();
        },
      });
      // A server that stops spreads its clients.
      if (ended.retryMs !== undefined) pauseMs = Math.min(ended.retryMs, LAST_RETRY_MS);
    } catch (error) {
      if (signal.aborted) return;
      failure = error instanceof ApiError ? error : undefined;
    }
    listener.onAway(failure);
    if (failure?.trouble === 'ended' || failure?.trouble === 'lost' || failure?.trouble === 'forbidden') return;
    const waitMs = Math.max(pauseMs, (failure?.retryAfter ?? 0) * 1000);
    await sleep(waitMs, signal);
    pauseMs = Math.min(pauseMs * 2, LAST_RETRY_MS);
  }
}

async function readOnce(
  query: Query,
  lastId: string | undefined,
  signal: AbortSignal,
  { onChanges, onOpen, onPosition }: Omit<StreamListener, 'onAway'>,
): Promise<{ readonly retryMs: number | undefined }> {
  const watch = new AbortController();
  const both = AbortSignal.any([signal, watch.signal]);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => watch.abort(), SILENT_MS);
  };
  heard();
  try {
    const headers = { accept: 'text/event-stream', ...(lastId !== undefined && { 'last-event-id': lastId }) };
    const answer = await request('GET', '/api/live', { query, headers, signal: both });
    let changes: Change[] = [];
    let last: string | undefined;
    let isOpen = false;
    let retryMs: number | undefined;
    const parser = createParser({
      onEvent: ({ id, event, data }) => {
        if (id !== undefined) last = id;
        if (event === 'ready') isOpen = true;
        const change = changeOf(event, data);
        if (change) changes.push(change);
        // It stands for `ready`, too: the server could not continue.
        if (change?.event === 'reset') isOpen = true;
      },
      onRetry: (ms) => (retryMs = ms),
    });
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    for (let told = false; ;) {
      const { done, value } = await reader.read();
      if (done) return { retryMs };
      heard();
      parser.feed(value);
      if (isOpen && !told) {
        told = true;
        onOpen();
      }
      if (changes.length > 0) onChanges(changes);
      changes = [];
      if (last !== undefined) onPosition(last);
    }
  } catch (error) {
    // Silent for too long, as a broken connection is.
    if (isAbort(error) && !signal.aborted) return { retryMs: undefined };
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
    function done() {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
