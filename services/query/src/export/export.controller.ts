import { Readable } from 'node:stream';
import { Controller, Get, Inject, Query, Req, Res, UseInterceptors } from '@nestjs/common';
import { ownerKey, readerOf, type Principal } from '@opensync/contracts';
import { Access, Caller, WaitForDocuments } from '@opensync/platform/http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { wholeOrStream } from '../content/streamed.ts';
import { parseQuery } from '../input.ts';
import { QueryResources } from '../resources.ts';
import { Anonymizer } from './anonymize.ts';
import { exportPieces, type ExportTotals } from './export-pieces.ts';
import { HTML_POLICY } from './formats/html.ts';
import { exportRequestOf, exportSchema, type ExportRequest } from './options.ts';

@Controller('api/export')
@UseInterceptors(WaitForDocuments)
export class ExportController {
  readonly #resources: QueryResources;

  constructor(@Inject(QueryResources) resources: QueryResources) {
    this.#resources = resources;
  }

  @Get()
  @Access('read')
  async export(
    @Caller() caller: Principal,
    @Query() query: unknown,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.#send(caller, query, request, reply);
  }

  /** The original's name. */
  @Get('evals')
  @Access('read')
  async exportEvals(
    @Caller() caller: Principal,
    @Query() query: unknown,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.#send(caller, query, request, reply);
  }

  async #send(
    caller: Principal,
    query: unknown,
    { method, positions }: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const wanted = exportRequestOf(parseQuery(exportSchema, query));
    const now = Date.now();
    const { companion } = wanted.format;
    void reply.headers(headersOf(wanted, now));
    if (wanted.part !== undefined && companion) {
      return void reply.send(companion.content({ ...wanted.options, exportedAt: now, isSingle: false }));
    }
    if (method === 'HEAD') return void reply.send(Readable.from([]));
    const totals: ExportTotals = { sessions: 0, rows: 0 };
    const anonymizer = wanted.anonymize
      ? new Anonymizer(positions!.keyFor('pseudonyms'), this.#resources.namesIn(caller.workspaceId))
      : undefined;
    const { exportTurns } = this.#resources;
    const pieces = this.#pieces({
      resources: this.#resources,
      reader: readerOf(caller),
      request: wanted,
      anonymizer,
      now,
      totals,
    });
    const answer = await wholeOrStream(pieces, { isContended: () => exportTurns.isContended });
    const counts = () => countsOf(wanted, totals);
    if (Buffer.isBuffer(answer)) void reply.headers(counts());
    else {
      for (const name of Object.keys(counts())) {
        reply.trailer(name, async () => String(counts()[name]));
      }
    }
    void reply.send(answer);
  }

  async *#pieces(context: Parameters<typeof exportPieces>[0]): AsyncGenerator<Buffer> {
    const release = await this.#resources.exportTurns.acquire(ownerKey(context.reader), 1);
    try {
      yield* exportPieces(context);
    } catch (err) {
      if (context.totals.sessions > 0) {
        this.#resources.logger.warn(
          { err, ...context.totals },
          'the export was cut off because a session could not be read',
        );
      }
      throw err;
    } finally {
      release();
    }
  }
}

function countsOf({ format }: ExportRequest, { sessions, rows }: ExportTotals): Record<string, number> {
  return { 'x-export-sessions': sessions, ...(format.kind === 'cases' && { 'x-export-testcases': rows }) };
}

function headersOf({ format, archive, part, id }: ExportRequest, now: number): Record<string, string> {
  const isPart = part !== undefined && format.companion;
  const mediaType = isPart ? format.companion!.mediaType : archive === 'zip' ? 'application/zip' : format.mediaType;
  const extension = archive === 'zip' ? 'zip' : format.name === 'atif' && id !== undefined ? 'json' : format.extension;
  const day = new Date(now).toISOString().slice(0, 10);
  const name = isPart ? format.companion!.file.split('/').at(-1)! : `opensync-${format.name}-${day}.${extension}`;
  return {
    'content-type': mediaType,
    'content-disposition': `attachment; filename="${name}"`,
    'cache-control': 'private, no-store',
    'x-content-type-options': 'nosniff',
    'content-security-policy': HTML_POLICY,
  };
}
