import { Agent, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib';
import type { FuzzRequest } from './requests.ts';
import type { World } from './world.ts';

/** An answer with its body decompressed. */
export interface FuzzAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Longer than any documented limit of time that a request here can reach. */
const TIMEOUT_MS = 30_000;
/** What is no complete request gets no answer until a limit of time closes its connection. */
const RAW_TIMEOUT_MS = 500;
/** How long a stream is read. */
const STREAM_MS = 300;

const DECOMPRESSORS: Readonly<Record<string, (body: Buffer) => Buffer>> = {
  gzip: gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
  zstd: zstdDecompressSync,
};

/** Sends requests over connections that are kept open, as plugins do. */
export class Sender implements Disposable {
  readonly #world: World;
  readonly #agent: Agent;

  constructor(world: World, connections: number) {
    this.#world = world;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  /** @throws if there is no answer */
  async send(request: FuzzRequest): Promise<FuzzAnswer> {
    try {
      return await this.#send(request);
    } catch (error) {
      // The server closed a connection that it had kept open, as it may, while the request was on its way.
      if ((error as { reused?: boolean }).reused !== true) throw error;
      return await this.#send(request);
    }
  }

  #send({ method, path, key, headers, body }: FuzzRequest): Promise<FuzzAnswer> {
    const { hostname, port } = new URL(this.#world.url);
    const authorization = this.#world.keys[key];
    const length = body === undefined ? {} : { 'content-length': String(body.length) };
    const all = { ...(authorization !== undefined && { authorization }), ...length, ...headers };
    const options = { hostname, port, method, path, headers: all, agent: this.#agent, timeout: TIMEOUT_MS };
    return new Promise<FuzzAnswer>((resolve, reject) => {
      const sent = httpRequest(options, (response) => void readAnswer(response).then(resolve, reject));
      sent.on('timeout', () => sent.destroy(new Error(`no answer for ${TIMEOUT_MS} ms`)));
      sent.on('error', (error) => {
        const { code } = error as NodeJS.ErrnoException;
        const reused = sent.reusedSocket && (code === 'ECONNRESET' || code === 'EPIPE');
        // A server that answers before it has read a large body closes the connection under the rest of it.
        const isLate = body !== undefined && body.length > 64 * 1024 && (code === 'ECONNRESET' || code === 'EPIPE');
        reject(Object.assign(error, { reused: reused || isLate }));
      });
      sent.end(body);
    });
  }

  /** Everything that comes back until the connection is closed, or for half a second. */
  sendRaw(bytes: Buffer): Promise<Buffer> {
    const { hostname, port } = new URL(this.#world.url);
    return new Promise<Buffer>((resolve, reject) => {
      const socket = connect({ host: hostname, port: Number(port) });
      const chunks: Buffer[] = [];
      socket.setTimeout(RAW_TIMEOUT_MS, () => socket.destroy());
      socket.on('data', (chunk) => chunks.push(chunk));
      socket.on('connect', () => socket.write(bytes));
      socket.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'ECONNREFUSED') reject(error);
      });
      socket.on('close', () => resolve(Buffer.concat(chunks)));
    });
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

async function readAnswer(response: IncomingMessage): Promise<FuzzAnswer> {
  const sent = isEndless(response) ? await beginning(response) : await buffer(response);
  const coding = response.headers['content-encoding'];
  const decompress = coding === undefined || sent.length === 0 ? undefined : DECOMPRESSORS[coding];
  return { status: response.statusCode!, headers: response.headers, body: decompress ? decompress(sent) : sent };
}

/** A live stream ends when its client does. */
function isEndless({ headers }: IncomingMessage): boolean {
  return headers['content-type']?.startsWith('text/event-stream') === true && headers['content-length'] === undefined;
}

/** What arrives until the stream ends, for a moment at most. */
async function beginning(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const end = setTimeout(() => response.destroy(), STREAM_MS);
  try {
    for await (const chunk of response) chunks.push(chunk as Buffer);
  } catch {
    // Cut off by us.
  }
  clearTimeout(end);
  return Buffer.concat(chunks);
}

/** The longest body that fits into a command. */
const SHOWN_BYTES = 60_000;

/** A command that sends the request; `$URL` and `$KEY` stand for a running product and a key of its own. */
export function asCurl({ method, path, key, headers, body, raw }: FuzzRequest): string {
  if (raw) return `${fromBase64(raw)} | curl --silent --max-time 5 "telnet://\${URL#http://}"`;
  const options = [`curl --include --path-as-is --request ${quoted(method)}`];
  if (key !== 'none') options.push('--header "Authorization: Bearer $KEY"');
  for (const [name, value] of Object.entries(headers)) options.push(`--header ${quoted(`${name}: ${value}`)}`);
  if (body) options.push('--data-binary @-');
  const command = `${options.join(' ')} "$URL"${quoted(path)}`;
  return body ? `${fromBase64(body)} | ${command}` : command;
}

function fromBase64(bytes: Buffer): string {
  const shown = bytes.subarray(0, SHOWN_BYTES);
  const rest = bytes.length - shown.length;
  return `echo ${shown.toString('base64')} | base64 --decode${rest > 0 ? ` # and ${rest} bytes more` : ''}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
