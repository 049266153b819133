import { createParser } from 'eventsource-parser';
import { waitFor } from './wait-for.ts';

/** One server-sent event. */
export interface LiveFrame {
  readonly event: string;
  readonly id: string | undefined;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- each test knows the shape of its own events
  readonly data: any;
}

/** An open stream of `GET /api/live`. */
export interface OpenLive {
  readonly status: number;
  readonly headers: Headers;
  readonly frames: readonly LiveFrame[];
  readonly text: () => string;
  /** The first frame with this name, or the first that fits. */
  frame(wanted: string | ((frame: LiveFrame) => boolean)): Promise<LiveFrame>;
  /** The id to resume with. */
  readonly lastEventId: string | undefined;
  /** Resolves when the server has ended it: true if properly. */
  readonly ended: Promise<boolean>;
  close(): Promise<void>;
}

/** Opens a live stream as a client, and resolves with its answer, which need not be a stream. */
export async function openLive(
  url: string,
  { key, query = '', lastEventId }: { key: string; query?: string; lastEventId?: string | undefined },
): Promise<OpenLive> {
  const closing = new AbortController();
  const response = await fetch(`${url}/api/live${query}`, {
    headers: { authorization: `Bearer ${key}`, ...(lastEventId !== undefined && { 'last-event-id': lastEventId }) },
    signal: closing.signal,
  });
  const frames: LiveFrame[] = [];
  let text = '';
  const parser = createParser({
    onEvent: ({ event = 'message', id, data }) => frames.push({ event, id, data: JSON.parse(data) as unknown }),
  });
  const read = async () => {
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      if (response.ok) parser.feed(chunk);
    }
  };
  const ended = read().then(
    () => true,
    () => false,
  );
  return {
    status: response.status,
    headers: response.headers,
    frames,
    text: () => text,
    frame: (wanted) => {
      const fits = typeof wanted === 'string' ? ({ event }: LiveFrame) => event === wanted : wanted;
      return waitFor(() => frames.find(fits), {
        what: `a frame that fits ${wanted}`,
        timeoutMs: 20_000,
        intervalMs: 2,
      });
    },
    get lastEventId() {
      return frames.findLast(({ id }) => id !== undefined)?.id;
    },
    ended,
    close: async () => {
      closing.abort();
      await ended;
    },
  };
}
