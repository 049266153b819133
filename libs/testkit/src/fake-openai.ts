import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface EmbeddingsBody {
  readonly model: string;
  readonly input: readonly string[];
  readonly dimensions?: number;
  readonly encoding_format?: string;
}

/** The fault of one request. */
export type EmbeddingFailure =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: object }
  | 'disconnect'
  | 'hang'
  | 'hang in body';

export interface FakeOpenAi {
  /** Base URL for the client. */
  readonly url: string;
  /** All requests, in order. */
  readonly requests: readonly { readonly authorization: string | undefined; readonly body: EmbeddingsBody }[];
  answer: 'floats' | 'base64 without index';
  /** Faults for the next requests, one each. */
  fail(...failures: EmbeddingFailure[]): void;
  /** Called for each request; its result replaces the answer. */
  failOn(failureOf: (texts: readonly string[]) => EmbeddingFailure | undefined): void;
  /** Answers 400 to every request with one of these parameters. */
  refuse(...parameters: string[]): void;
  /** The vector of a text at unit length; the sent one is longer. */
  direction(text: string): Float32Array;
  close(): Promise<void>;
}

/** A real HTTP server that speaks OpenAI's `/embeddings`, and can be told to misbehave. For tests. */
export async function startFakeOpenAi({ dimensions }: { dimensions: number }): Promise<FakeOpenAi> {
  const requests: { authorization: string | undefined; body: EmbeddingsBody }[] = [];
  const failures: EmbeddingFailure[] = [];
  let failureOf: (texts: readonly string[]) => EmbeddingFailure | undefined = () => undefined;
  const refused: string[] = [];
  const raw = (text: string) => Array.from({ length: dimensions }, (_, i) => 1 + ((text.length * (i + 3)) % 7));

  const server = createServer((request, response) => {
    void readBody(request).then((text) => {
      const body = JSON.parse(text) as EmbeddingsBody;
      requests.push({ authorization: request.headers.authorization, body });
      const parameter = refused.find((name) => name in body);
      const failure: EmbeddingFailure | undefined = parameter
        ? { status: 400, body: { error: { message: `Unknown parameter: ${parameter}`, param: parameter } } }
        : (failures.shift() ?? failureOf(body.input));
      if (failure) misbehave(failure, response);
      else send(response, 200, { object: 'list', model: body.model, data: body.input.map(embedding).reverse() });
    });
  });

  const embedding = (text: string, index: number) => {
    if (fake.answer === 'floats') return { object: 'embedding', index, embedding: raw(text) };
    return { embedding: Buffer.from(Float32Array.from(raw(text)).buffer).toString('base64') };
  };

  const fake: FakeOpenAi = {
    url: '',
    requests,
    answer: 'floats',
    fail: (...more) => void failures.push(...more),
    failOn: (asked) => void (failureOf = asked),
    refuse: (...parameters) => void refused.push(...parameters),
    direction: (text) => {
      const length = Math.hypot(...raw(text));
      return Float32Array.from(raw(text), (value) => value / length);
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(fake, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1` });
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function misbehave(failure: EmbeddingFailure, response: ServerResponse): void {
  if (failure === 'disconnect') response.destroy();
  else if (failure === 'hang in body')
    response.writeHead(200, { 'content-type': 'application/json' }).write('{"data":');
  else if (failure !== 'hang')
    send(response, failure.status, failure.body ?? { error: { message: 'no' } }, failure.headers);
}

function send(response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}
