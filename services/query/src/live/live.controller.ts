import { Controller, Get, Inject, Query, Req, Res, type OnModuleDestroy } from '@nestjs/common';
import type { Positions, Principal } from '@opensync/contracts';
import { Access, Caller, CallerPositions } from '@opensync/platform/http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { parseQuery } from '../input.ts';
import { QueryResources } from '../resources.ts';
import { liveSchema, wishOf } from './live-request.ts';

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store, no-transform',
  // For nginx, which would hold small answers back.
  'x-accel-buffering': 'no',
};

/** What the caller may see, as it changes. */
@Controller('api/live')
export class LiveController implements OnModuleDestroy {
  readonly #resources: QueryResources;

  constructor(@Inject(QueryResources) resources: QueryResources) {
    this.#resources = resources;
  }

  @Get()
  @Access('read')
  async live(
    @Caller() caller: Principal,
    @CallerPositions() positions: Positions,
    @Query() query: unknown,
    @Req() { method, headers, mayContinue }: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const asked = parseQuery(liveSchema, query);
    if (method === 'HEAD') return void reply.headers(HEADERS).send();
    const { stream } = await this.#resources.live.read({
      wish: wishOf(caller, asked),
      positions,
      keyId: caller.keyId,
      mayContinue: mayContinue!,
      lastEventId: [headers['last-event-id']].flat()[0],
      seconds: asked.seconds,
    });
    stream.sink = reply.raw;
    // Its client may have gone while the stream was opened.
    if (reply.raw.destroyed) return void stream.destroy();
    void reply.headers(HEADERS).send(stream);
  }

  /** Before the server stops: it waits for answers in progress, and these would not end by themselves. */
  onModuleDestroy(): void {
    this.#resources.live.close();
  }
}
