import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { BSON, type Document } from 'mongodb';

/** The answer to a command: a document, no answer ever, or the connection's end. */
export type ScriptedAnswer = Document | 'hang' | 'reset';

export interface ScriptedMongo {
  readonly url: string;
  [Symbol.asyncDispose](): Promise<void>;
}

const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;
const HEADER_BYTES = 16;

const HELLO = {
  ok: 1,
  helloOk: true,
  isWritablePrimary: true,
  ismaster: true,
  maxBsonObjectSize: 16 * 1024 * 1024,
  maxMessageSizeBytes: 48_000_000,
  maxWriteBatchSize: 100_000,
  minWireVersion: 0,
  maxWireVersion: 21,
};

/**
 * A server that speaks MongoDB's wire protocol and answers as a test says: a real one cannot be made to reject, hang
 * or step down at a given command. If `answer` returns undefined, it says hello, reports a recent version and accepts
 * everything else.
 */
export async function scriptedMongo(answer: (name: string) => ScriptedAnswer | undefined): Promise<ScriptedMongo> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let received: Buffer = Buffer.alloc(0);
    // The driver ends connections as it likes.
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 4 && received.length >= received.readInt32LE(0)) {
        const message = received.subarray(0, received.readInt32LE(0));
        received = received.subarray(message.length);
        const [name = ''] = Object.keys(commandOf(message));
        const reply = answer(name) ?? agreement(name);
        if (reply === 'reset') socket.destroy();
        else if (reply !== 'hang') socket.write(encode(message, reply));
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `mongodb://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function agreement(name: string): Document {
  if (/^(hello|ismaster)$/i.test(name)) return HELLO;
  if (name === 'buildInfo') return { ok: 1, version: '8.0.4' };
  if (name === 'listIndexes') return { ok: 0, code: 26, codeName: 'NamespaceNotFound', errmsg: 'ns does not exist' };
  return { ok: 1 };
}

/** The command's own document, without the sequences of documents that may follow it. */
function commandOf(message: Buffer): Document {
  if (message.readInt32LE(12) === OP_MSG) return BSON.deserialize(documentAt(message, HEADER_BYTES + 4 + 1));
  const nameAt = HEADER_BYTES + 4;
  return BSON.deserialize(documentAt(message, message.indexOf(0, nameAt) + 1 + 8));
}

function documentAt(message: Buffer, at: number): Buffer {
  return message.subarray(at, at + message.readInt32LE(at));
}

function encode(request: Buffer, document: Document): Buffer {
  const body = BSON.serialize(document);
  const isQuery = request.readInt32LE(12) === OP_QUERY;
  const fixed = Buffer.alloc(isQuery ? 20 : 5);
  // One document is returned.
  if (isQuery) fixed.writeInt32LE(1, 16);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeInt32LE(HEADER_BYTES + fixed.length + body.length, 0);
  header.writeInt32LE(request.readInt32LE(4), 8);
  header.writeInt32LE(isQuery ? OP_REPLY : OP_MSG, 12);
  return Buffer.concat([header, fixed, body]);
}
