import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Secret {
  readonly metadata: { readonly name: string; readonly resourceVersion?: string };
  readonly data: Readonly<Record<string, string>>;
}

/** As much of the API of Kubernetes as Secrets of one namespace need, with its rules about versions. */
export class SecretsApi implements AsyncDisposable {
  readonly #server: Server;
  readonly #secrets = new Map<string, Secret>();
  readonly writes: string[] = [];
  #version = 0;
  /** Called before each write; what it throws is the end of the connection. */
  beforeWrite: (name: string) => void = () => {};

  constructor() {
    this.#server = createServer((request, response) => {
      void this.#answer(request).then(
        ([status, body]) =>
          response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
        () => response.destroy(),
      );
    });
  }

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The contents of a Secret as text. */
  contents(name: string): Record<string, string> {
    const { data = {} } = this.#secrets.get(name) ?? {};
    return Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]),
    );
  }

  get names(): string[] {
    return [...this.#secrets.keys()].sort();
  }

  put(secret: Secret): void {
    const resourceVersion = String(++this.#version);
    this.#secrets.set(secret.metadata.name, { ...secret, metadata: { ...secret.metadata, resourceVersion } });
  }

  async #answer(request: IncomingMessage): Promise<[number, unknown]> {
    const [, name] = /^\/api\/v1\/namespaces\/opensync\/secrets(?:\/([a-z0-9-]+))?$/.exec(request.url!) ?? [];
    if (request.headers.authorization !== 'Bearer the-token') return [401, { message: 'Unauthorized' }];
    if (request.method === 'GET') {
      const found = this.#secrets.get(name!);
      return found ? [200, found] : [404, { message: 'not found' }];
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const secret = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Secret;
    this.beforeWrite(secret.metadata.name);
    const present = this.#secrets.get(secret.metadata.name);
    if (request.method === 'POST' && present) return [409, { message: 'already exists' }];
    if (request.method === 'PUT' && present?.metadata.resourceVersion !== secret.metadata.resourceVersion)
      return [409, { message: 'the object has been modified' }];
    this.put(secret);
    this.writes.push(secret.metadata.name);
    return [request.method === 'POST' ? 201 : 200, this.#secrets.get(secret.metadata.name)];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
