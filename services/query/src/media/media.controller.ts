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

/** Types that are told to a browser beside raster images; it saves what they are of. Anything else could be run. */
const NAMED_TYPES = /^(audio|video)\/[\w.+-]+$|^application\/(pdf|zip|gzip)$|^text\/plain$/;
/** The blob never changes under its hash. Private, as it is one person's. */
const FOREVER = 'private, max-age=31536000, immutable, no-transform';
/** Of a session that another member shares: asked for again each time, since it may be private by then. */
const WHILE_SHARED = 'private, no-cache, no-transform';
/** Whatever a file holds, opened in a window of its own it may do nothing and load nothing. */
const NOTHING_ALLOWED = "default-src 'none'; sandbox";
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

  /** The bytes of a blob that the session refers to. By hash alone nobody gets anything. */
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
    // Fastify leaves the length of a stream to the handler, also that of one which HEAD does not send.
    const content =
      request.method === 'HEAD' ? Readable.from([]) : await this.#content(caller, owner, sha256, { start, end });
    void reply
      .code(asked === 'whole' ? 200 : 206)
      .headers(headers)
      .send(content);
  }

  /** What the browser is told to make of it. */
  async #contentHeaders(owner: Owner, media: MediaReference): Promise<Record<string, string>> {
    // What was declared is not enough to show it within a page: the bytes have to say so themselves.
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

  /** The whole content, or a stream that reserves what it holds from the caller's share of the memory. */
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

/** What the answer depends on, beside what it depends on already. */
function varyOf(reply: FastifyReply): string {
  const vary = reply.getHeader('vary');
  return [...(vary === undefined ? [] : [String(vary)]), 'Authorization', 'Cookie'].join(', ');
}
