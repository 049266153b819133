/** A small application on `createHttpApp` for the specs of this folder. */
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { Body, Controller, Delete, Get, Module, Param, Post, Query, Res } from '@nestjs/common';
import { PositionCodec, type Principal, type Scope } from '@opensync/contracts';
import type { FastifyReply } from 'fastify';
import { pino } from 'pino';
import { AppError } from '../../errors.ts';
import { Access, Caller, createHttpApp, type ErrorBody, type HttpAppOptions } from '../index.ts';

export const INGEST_KEY = 'osk_ingest_key_123';
export const READ_KEY = 'osk_read_key_12345';
export const ADMIN_KEY = 'osk_admin_key_1234';
export const ANALYST_KEY = 'osk_analyst_key_1';
/** As long as generated keys. */
export const LONG_KEY = `osk_${'k'.repeat(43)}`;
export const BODY_LIMIT = 4096;

const principalOf = (keyId: string, ...scopes: Scope[]): Principal => ({
  workspaceId: 'wsp_1',
  userId: 'usr_1',
  role: 'owner',
  keyId,
  scopes,
});
const PRINCIPALS = new Map<string, Principal>([
  [INGEST_KEY, principalOf('key-i', 'ingest')],
  [READ_KEY, principalOf('key-r', 'read')],
  [ADMIN_KEY, principalOf('key-a', 'admin')],
  [LONG_KEY, principalOf('key-l', 'read')],
  [ANALYST_KEY, { ...principalOf('key-f', 'admin'), role: 'analyst' }],
]);

/** Requests of `GET /slow`, and streams after their first line, wait here until the test releases them. */
export const gate = { arrived: 0, open: () => {}, opened: Promise.resolve() };

export const ROWS = Array.from({ length: 200 }, (_, n) => ({ id: `row_${n}`, title: 'The same words in every row' }));

@Controller()
class TestController {
  @Get('forgotten')
  forgotten() {
    return { ok: true };
  }

  @Post('write')
  @Access('ingest')
  write(@Caller() caller: Principal, @Body() body: unknown) {
    return { keyId: caller.keyId, body };
  }

  @Get('large')
  @Access('ingest', 'read')
  large(@Query('bytes') bytes: string, @Res() reply: FastifyReply) {
    void reply
      .type('application/octet-stream')
      .header('etag', '"x"')
      .send(Buffer.alloc(Number(bytes), 'a'));
  }

  @Post('ask')
  ask() {
    return { ok: true };
  }

  @Get('both')
  @Access('ingest', 'read')
  both() {
    return { ok: true };
  }

  @Delete('both')
  @Access('delete')
  delete() {
    return { ok: true };
  }

  @Get('figures')
  @Access('figures')
  figures() {
    return { ok: true };
  }

  @Get('things/:id')
  @Access('public')
  thing(@Param('id') id: string) {
    if (id === 'bug') throw new TypeError('the password is hunter2');
    if (id === 'busy') throw new AppError('UNAVAILABLE', 'the store does not answer', { retryAfter: 7 });
    return { id };
  }

  @Get('rows')
  @Access('public')
  rows() {
    return ROWS;
  }

  /** The first line at once, the rest when the gate opens. */
  @Get('lines')
  @Access('public')
  lines(@Res() reply: FastifyReply) {
    void reply.type('application/x-ndjson').send(Readable.from(linesOf(ROWS)));
  }

  @Get('events')
  @Access('public')
  events(@Res() reply: FastifyReply) {
    void reply.type('text/event-stream').send(Readable.from(linesOf(ROWS)));
  }

  /** Half of a stream that then fails. */
  @Get('broken')
  @Access('public')
  broken(@Res() reply: FastifyReply) {
    void reply.type('application/x-ndjson').send(
      Readable.from(
        (async function* () {
          yield 'half\n';
          await gate.opened;
          throw new Error('the store is gone');
        })(),
      ),
    );
  }

  @Get('bytes')
  @Access('public')
  bytes(@Res() reply: FastifyReply, @Query() { type, coding }: { type: string; coding?: string }) {
    if (coding) reply.header('content-encoding', coding);
    void reply.type(type).send(Buffer.alloc(20_000, 'a'));
  }

  @Get('slow')
  @Access('public')
  async slow() {
    gate.arrived++;
    await gate.opened;
    return { ok: true };
  }
}
async function* linesOf(rows: readonly unknown[]): AsyncGenerator<string> {
  const [first, ...others] = rows.map((row) => `${JSON.stringify(row)}\n`);
  yield first!;
  await gate.opened;
  yield* others;
}

class TestModule {}
Module({ controllers: [TestController] })(TestModule);

export const logLines: string[] = [];

export async function startApp(
  options: Partial<Omit<HttpAppOptions, 'settings'>> & { settings?: Partial<HttpAppOptions['settings']> } = {},
  { listening = true }: { listening?: boolean } = {},
) {
  const app = await createHttpApp(TestModule, {
    logger: pino({ level: 'debug' }, { write: (line: string) => void logLines.push(line) }),
    authenticate: async (token) => PRINCIPALS.get(token),
    positions: new PositionCodec(() => ['test']),
    health: { ready: () => Promise.resolve({ log: 'up' }), live: () => Promise.resolve(true) },
    ...options,
    settings: {
      OPENSYNC_BODY_LIMIT: BODY_LIMIT,
      OPENSYNC_CORS_ORIGINS: '*',
      OPENSYNC_DAILY_BYTES: 0,
      OPENSYNC_DAILY_EVENTS: 0,
      OPENSYNC_DAILY_REQUESTS: 0,
      OPENSYNC_HEADERS_SECONDS: 10,
      OPENSYNC_INGEST_RATE_LIMIT: 0,
      OPENSYNC_KEYLESS_LIMIT: 0,
      OPENSYNC_MAX_CONNECTIONS: 1000,
      OPENSYNC_ADDRESS_CONNECTIONS: 1000,
      OPENSYNC_READ_RATE_LIMIT: 0,
      OPENSYNC_SHED_FROM: 256,
      OPENSYNC_TRUSTED_PROXIES: '',
      OPENSYNC_WRONG_KEY_LIMIT: 0,
      ...options.settings,
    },
  });
  if (listening) await app.listen(0, '127.0.0.1');
  const port = listening ? (app.getHttpServer().address() as AddressInfo).port : 0;
  return { app, port, url: `http://127.0.0.1:${port}` };
}

export const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

export async function errorOf(response: Response): Promise<ErrorBody['error'] & { status: number }> {
  const { error } = (await response.json()) as ErrorBody;
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect(error.requestId).toBe(response.headers.get('x-request-id'));
  return { status: response.status, ...error };
}
