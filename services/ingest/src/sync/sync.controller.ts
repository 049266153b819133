import { Body, Controller, Get, Headers, HttpCode, Inject, Post, Res, UseInterceptors } from '@nestjs/common';
import { ownerOf, type Principal } from '@opensync/contracts';
import {
  Access,
  AccessForBatches,
  Caller,
  idempotencyKeyOf,
  sendSequence,
  WaitForDocuments,
} from '@opensync/platform/http';
import type { FastifyReply } from 'fastify';
import { SyncIntake, type Stored, type SyncRequest } from './sync-intake.ts';
import { SyncedMetadata } from './synced-metadata.ts';
import { SyncedSessions } from './synced-sessions.ts';

/** Some items of a batch were stored and some not: RFC 4918 calls that Multi-Status. */
const MULTI_STATUS = 207;

/**
 * The routes of plugins; `SyncIntake` does the work. Handlers send their reply themselves: Nest's detection of how to
 * send a returned value costs a fifth of the whole request.
 */
@Controller('sync')
export class SyncController {
  readonly #intake: SyncIntake;
  readonly #sessions: SyncedSessions;
  readonly #metadata: SyncedMetadata;

  constructor(
    @Inject(SyncIntake) intake: SyncIntake,
    @Inject(SyncedSessions) sessions: SyncedSessions,
    @Inject(SyncedMetadata) metadata: SyncedMetadata,
  ) {
    this.#intake = intake;
    this.#sessions = sessions;
    this.#metadata = metadata;
  }

  @Post('session')
  @HttpCode(200)
  @Access('ingest')
  async session(
    @Caller() caller: Principal,
    @Body() body: unknown,
    @Headers('idempotency-key') idempotencyKey: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    send(reply, await this.#intake.session(request(caller, body, idempotencyKey)));
  }

  @Post('message')
  @HttpCode(200)
  @Access('ingest')
  async message(
    @Caller() caller: Principal,
    @Body() body: unknown,
    @Headers('idempotency-key') idempotencyKey: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    send(reply, await this.#intake.message(request(caller, body, idempotencyKey)));
  }

  @Post('batch')
  @HttpCode(200)
  @AccessForBatches()
  async batch(
    @Caller() caller: Principal,
    @Body() body: unknown,
    @Headers('idempotency-key') idempotencyKey: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const stored = await this.#intake.batch(request(caller, body, idempotencyKey));
    if (!stored.answer.ok) reply.code(MULTI_STATUS);
    send(reply, stored);
  }

  /** Plugins ask, with the key they write with, to skip what is already stored. */
  @Get('sessions/list')
  @Access('ingest', 'read')
  @UseInterceptors(WaitForDocuments)
  async list(@Caller() caller: Principal, @Res() reply: FastifyReply): Promise<void> {
    void reply.type('application/json; charset=utf-8').send(await this.#sessions.json(ownerOf(caller)));
  }

  /** Like the list, with the numbers of sessions that a client names. */
  @Post('metadata')
  @HttpCode(200)
  @Access('ingest', 'read')
  @UseInterceptors(WaitForDocuments)
  async metadata(@Caller() caller: Principal, @Body() body: unknown, @Res() reply: FastifyReply): Promise<void> {
    void reply.send(await this.#metadata.of(ownerOf(caller), body));
  }
}

function request(caller: Principal, body: unknown, idempotencyKey: string | undefined): SyncRequest {
  return { owner: ownerOf(caller), body, idempotencyKey: idempotencyKeyOf(idempotencyKey), time: Date.now() };
}

function send(reply: FastifyReply, { answer, events, sequence }: Stored<unknown>): void {
  if (events > 0) reply.request.use?.add('events', events);
  if (sequence !== undefined) sendSequence(reply, sequence);
  void reply.send(answer);
}
