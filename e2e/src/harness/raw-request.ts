import { Agent, request } from 'node:http';
import type { ErrorBody } from './api.ts';

export interface RawRequest {
  readonly method?: string;
  readonly path: string;
  /** As they go over the wire; nothing is added but `Content-Length`. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly json: () => ErrorBody & Record<string, unknown>;
}

/** One request on a separate connection. `fetch` would reject or correct many of the inputs that are tested here. */
export function rawRequest(url: string, { method = 'POST', path, headers = {}, body }: RawRequest): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  // One connection, kept open as by every client that plugins use, and closed when the answer is here.
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return new Promise<RawAnswer>((resolve, reject) => {
    let answering = false;
    // By itself Node says so for some methods only, and for others sends a body that nobody knows to be one.
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const options = { hostname, port, method, path, headers: { ...length, ...headers }, agent };
    const sent = request(options, (response) => {
      answering = true;
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode!, headers: response.headers, text, json: () => JSON.parse(text) }),
      );
      response.on('error', reject);
    });
    // A server that answers before it has read a large body closes the connection under the rest of it.
    sent.on('error', (error) => {
      if (!answering) reject(error);
    });
    sent.end(body);
  }).finally(() => agent.destroy());
}
