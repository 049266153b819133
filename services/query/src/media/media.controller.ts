import { Readable } from 'node:stream';
import { Controller, Get, Inject, Param, Query, Req, Res, UseInterceptors } from '@nestjs/common';
import {
  OCTET_STREAM,
  maySee,
  ownerKey,
  ownerOf,
  readerOf,
  RASTER_TYPES,
  sniffMediaType,
  type MediaReference,
  type Owner,
  type Principal,
} from '@opensync/contracts';
import type { ByteRange } from '@opensync/event-log/payloads';
import { AppError } from '@opensync/platform';
import { Access, Caller, WaitForDocuments } from '@opensync/platform/http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { onlyFields, parseQuery } from '../input.ts';
import { QueryResources } from '../resources.ts';
import { findSession } from '../sessions/read-session.ts';
import { wholeOrStream } from '../content/streamed.ts';
import { isKnown, rangeAsked } from './byte-range.ts';
import { contentDisposition } from './content-disposition.ts';
import { findMedia } from './find-media.ts';

/** Types that are declared to a browser besides raster images, for saving. Any other type could be executed. */
const NAMED_TYPES = /^(audio|video)\/[\w.+-]+$|^application\/(pdf|zip|gzip)$|^text\/plain$/;
/** A hash always has the same content. Private, because it belongs to one person. */
const FOREVER = 'private, max-age=31536000, immutable, no-transform';
/** For a session that another member shares: revalidated each time, since it may have become private. */
const WHILE_SHARED = 'private, no-cache, no-transform';
/** A file that is opened in a separate window may execute and load nothing. */
const NOTHING_ALLOWED = "default-src 'none'; frame-ancestors 'none'; sandbox";
/** Two chunks of a payload. */
const HELD_BYTES = 1024 * 1024;
const SNIFFED_BYTES = 64;
const SHA256 = /^[0-9a-f]{64}$/;

@Controller('api/sessions/:id/media')
@UseInterceptors(WaitForDocuments)
export class MediaController {
  readonly #resources: QueryResources;

  constructor(@Inject(QueryResources) resources: QueryResources) {
    this.#resources = resources;
  }

  /** The bytes of a blob that the session refers to. A hash alone gives no access. */
  @Get(':sha256')
  @Access('read')
  async show(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Param('sha256') sha256: string,
    @Query() query: unknown,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    parseQuery(onlyFields({}), query);
    const { documents } = this.#resources;
    const reader = readerOf(caller);
    const session = await findSession(documents, reader, id);
    const { owner } = session;
    const media = SHA256.test(sha256) ? await findMedia(documents, owner, session.id, sha256) : undefined;
    if (!media) throw new AppError('NOT_FOUND', 'The session has no media with this hash');

    const etag = `"${sha256}"`;
    const caching = {
      etag,
      'cache-control': maySee(ownerOf(caller), owner, 'private') ? FOREVER : WHILE_SHARED,
      vary: varyOf(reply),
      'accept-ranges': 'bytes',
    };
    const { range, 'if-range': ifRange, 'if-none-match': ifNoneMatch } = request.headers;
    if (isKnown(ifNoneMatch, etag)) return void reply.code(304).headers(caching).send();
    const asked = rangeAsked(media.size, { range, ifRange: ifRange?.toString(), etag });
    if (asked === 'unsatisfiable') {
      const headers = { 'content-range': `bytes */${media.size}` };
      throw new AppError('RANGE_NOT_SATISFIABLE', `The media has ${media.size} bytes`, { headers });
    }
    const { start, end } = asked === 'whole' ? { start: 0, end: media.size } : asked;
    const headers = {
      ...caching,
      ...(await this.#contentHeaders(owner, media)),
      'content-length': end - start,
      ...(asked !== 'whole' && { 'content-range': `bytes ${start}-${end - 1}/${media.size}` }),
    };
    // Fastify leaves the length of a stream to the handler, also for HEAD.
    const content =
      request.method === 'HEAD' ? Readable.from([]) : await this.#content(caller, owner, sha256, { start, end });
    void reply
      .code(asked === 'whole' ? 200 : 206)
      .headers(headers)
      .send(content);
  }

  /** How the browser may use it. */
  async #contentHeaders(owner: Owner, media: MediaReference): Promise<Record<string, string>> {
    // The declared type is not enough to show it within a page: the bytes must confirm it.
    const isDeclaredRaster = RASTER_TYPES.has(media.mediaType);
    const beginning = isDeclaredRaster ? await this.#beginning(owner, media.sha256) : undefined;
    const isRaster = beginning !== undefined && RASTER_TYPES.has(sniffMediaType(beginning) ?? '');
    const isNamed = isRaster || NAMED_TYPES.test(media.mediaType);
    return {
      'content-type': isNamed ? media.mediaType : OCTET_STREAM,
      'content-disposition': contentDisposition(isRaster ? 'inline' : 'attachment', media),
      'x-content-type-options': 'nosniff',
      'content-security-policy': NOTHING_ALLOWED,
      'cross-origin-resource-policy': 'same-origin',
    };
  }

  async #beginning(owner: Owner, sha256: string): Promise<Uint8Array | undefined> {
    for await (const piece of this.#resources.payloads.read(owner, sha256, { end: SNIFFED_BYTES })) return piece;
    return undefined;
  }

  /** The whole content, or a stream that reserves its memory from the caller's share. */
  async #content(caller: Owner, owner: Owner, sha256: string, range: ByteRange): Promise<Buffer | Readable> {
    const { payloads, pageBytes } = this.#resources;
    const release = await pageBytes.acquire(ownerKey(caller), HELD_BYTES);
    async function* pieces(): AsyncGenerator<Buffer> {
      try {
        for await (const piece of payloads.read(owner, sha256, range)) {
          yield Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
        }
      } finally {
        release();
      }
    }
    return wholeOrStream(pieces(), { isContended: () => pageBytes.isContended });
  }
}

/** Adds to the headers that the answer depends on. */
function varyOf(reply: FastifyReply): string {
  const vary = reply.getHeader('vary');
  return [...(vary === undefined ? [] : [String(vary)]), 'Authorization', 'Cookie'].join(', ');
}
