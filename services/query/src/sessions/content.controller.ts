import { Controller, Get, Inject, Param, Query, Res, UseInterceptors } from '@nestjs/common';
import { messageView, ownerKey, readerOf, type MessageView, type Principal } from '@opensync/contracts';
import { AppError } from '@opensync/platform';
import { Access, Caller, WaitForDocuments } from '@opensync/platform/http';
import type { FastifyReply } from 'fastify';
import { LargeContents } from '../content/large-content.ts';
import { PageMedia, piecesOf } from '../content/media-in-place.ts';
import { wholeOrStream } from '../content/streamed.ts';
import { parseQuery } from '../input.ts';
import { QueryResources } from '../resources.ts';
import { contentSchema } from './content-request.ts';
import { bodyPieces } from './message-json.ts';
import { findSession } from './read-session.ts';

/** Pieces of this size are sent together. */
const PIECE_BYTES = 64 * 1024;
/** Two chunks of a payload, and what is made of them. */
const HELD_BYTES = 2 * 1024 * 1024;

interface Which {
  readonly part?: number | undefined;
  readonly of: 'content' | 'extra';
}

@Controller('api/sessions/:id/messages/:messageId/content')
@UseInterceptors(WaitForDocuments)
export class ContentController {
  readonly #resources: QueryResources;

  constructor(@Inject(QueryResources) resources: QueryResources) {
    this.#resources = resources;
  }

  /** What a page shows cut, whole, as JSON. */
  @Get()
  @Access('read')
  async show(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Param('messageId') messageId: string,
    @Query() query: unknown,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { media: mode = 'link', ...which } = parseQuery(contentSchema, query);
    const { documents, payloads, pageBytes, pageTurns } = this.#resources;
    const { owner, id: sessionId } = await findSession(documents, readerOf(caller), id);
    const bodies = {
      contents: new LargeContents(payloads, owner),
      media: new PageMedia(payloads, owner, { sessionId, mode }),
    };
    async function* pieces(): AsyncGenerator<Buffer> {
      const endTurn = await pageTurns.acquire(ownerKey(caller), 1);
      const release = await pageBytes.acquire(ownerKey(caller), HELD_BYTES).finally(endTurn);
      try {
        const [read] = (await documents.wholeMessages(owner, [messageId], 0)).messages;
        const view = read?.message.sessionId === sessionId ? messageView(read.message, read.parts) : undefined;
        if (!view || !has(view, which)) throw new AppError('NOT_FOUND', 'The session has no such content');
        yield* inBatches(piecesOf(bodyPieces(view, bodies, which, lost)));
      } finally {
        release();
      }
    }
    const answer = await wholeOrStream(pieces(), { isContended: () => pageBytes.isContended });
    void reply.type('application/json; charset=utf-8').send(answer);
  }
}

function has({ text, parts }: MessageView, { part: order, of }: Which): boolean {
  if (order === undefined) return text !== null;
  const part = parts.find((one) => one.order === order);
  return part !== undefined && (of === 'content' || part.extra !== undefined || part.extraRef !== undefined);
}

function lost(): never {
  throw new AppError('NOT_FOUND', 'The content is lost; the page of the session shows its beginning');
}

async function* inBatches(pieces: AsyncIterable<string | Uint8Array>): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let bytes = 0;
  for await (const piece of pieces) {
    const next = Buffer.from(piece as Uint8Array);
    held.push(next);
    bytes += next.length;
    if (bytes < PIECE_BYTES) continue;
    yield Buffer.concat(held);
    held = [];
    bytes = 0;
  }
  yield Buffer.concat(held);
}
