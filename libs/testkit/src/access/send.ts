import type { Call } from './rows.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Of JSON; undefined for anything else. */
  readonly body: unknown;
}

/** Sends a call; without a key if there is none. */
export async function send(
  { url, key }: { url: string; key?: string | undefined },
  { path, json }: Call,
  method = json === undefined ? 'GET' : 'POST',
): Promise<Answer> {
  const response = await fetch(url + path, {
    method,
    headers: {
      // Clients of MCP must accept both.
      accept: 'application/json, text/event-stream, */*;q=0.1',
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
      ...(json !== undefined && { 'content-type': 'application/json' }),
    },
    body: json === undefined ? null : JSON.stringify(json),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false;
  return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : undefined };
}
