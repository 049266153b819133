import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Req, Res } from '@nestjs/common';
import { ownerOf, type Owner, type Principal } from '@opensync/contracts';
import type { LoginMeans } from '@opensync/event-log/logins';
import { AppError } from '@opensync/platform';
import {
  Access,
  AccessByKey,
  assertLoginHost,
  assertSameOrigin,
  Caller,
  loginCookie,
  loginTokenOf,
} from '@opensync/platform/http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { parseBody } from '../input.ts';
import { linkSchema } from './link-request.ts';
import { LoginResources } from './resources.ts';
import { loginJson, sessionJson } from './session-json.ts';

/** Logs people in and out. Their requests then carry a cookie instead of a key. */
@Controller('auth')
export class LoginController {
  readonly #resources: LoginResources;

  constructor(@Inject(LoginResources) resources: LoginResources) {
    this.#resources = resources;
  }

  /** The key is in the `Authorization` header: wrong ones are counted there. The login may do what the key may do. */
  @Post('login/key')
  @HttpCode(200)
  @AccessByKey('account')
  async byKey(@Caller() caller: Principal, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    this.#assertPossible(request);
    await this.#begin(request, reply, { owner: ownerOf(caller), means: 'key', keyId: caller.keyId });
  }

  @Post('login/link')
  @HttpCode(200)
  @Access('public')
  async byLink(@Body() body: unknown, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    this.#assertPossible(request);
    const { token } = parseBody(linkSchema, body);
    const owner = await this.#resources.logins.useLink(token);
    if (!owner) throw new AppError('UNAUTHORIZED', 'This link was used already, or has expired; ask for another one');
    await this.#begin(request, reply, { owner, means: 'link' });
  }

  @Get('session')
  @Access('account')
  session(@Caller() caller: Principal, @Req() request: FastifyRequest) {
    const { keys, logins } = this.#resources;
    const token = caller.loginId === undefined ? undefined : loginTokenOf(request);
    const record = token === undefined ? undefined : logins.find(token);
    return sessionJson(keys, caller, token !== undefined && record ? { token, record } : undefined);
  }

  /** Where the caller is logged in. */
  @Get('logins')
  @Access('account')
  list(@Caller() { userId, loginId }: Principal) {
    const logins = this.#resources.logins.list({ userId });
    return { logins: logins.map((record) => ({ ...loginJson(record), isCurrent: record.id === loginId })) };
  }

  @Delete('logins/:id')
  @Access('account')
  async end(@Caller() { userId }: Principal, @Param('id') id: string) {
    const ended = await this.#resources.logins.endOf({ userId }, id);
    if (ended === 0) throw new AppError('NOT_FOUND', 'You have no such login');
    return { ok: true };
  }

  /** Takes effect on every gateway within moments. A key that asks has no login to end. */
  @Post('logout')
  @HttpCode(200)
  @Access('account')
  async logout(@Caller() caller: Principal, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    if (caller.loginId !== undefined) await this.#resources.logins.end(loginTokenOf(request)!);
    void reply
      .header('set-cookie', loginCookie('', 0))
      .header('clear-site-data', '"cache", "storage"')
      .send({ ok: true });
  }

  /** A new login, with a token that nobody knew before, instead of the one that the browser may have. */
  async #begin(
    request: FastifyRequest,
    reply: FastifyReply,
    login: { readonly owner: Owner; readonly means: LoginMeans; readonly keyId?: string },
  ): Promise<void> {
    const { logins, keys } = this.#resources;
    const { token, record } = await logins.create(login);
    const principal = logins.authenticate(token);
    if (!principal) throw new AppError('UNAUTHORIZED', 'This user is no longer a member of the workspace');
    const former = loginTokenOf(request);
    if (former !== undefined) await logins.end(former);
    void reply
      .header('set-cookie', loginCookie(token, (record.endsAt - record.createdAt) / 1000))
      .send(sessionJson(keys, principal, { token, record }));
  }

  /** @throws AppError FORBIDDEN */
  #assertPossible(request: FastifyRequest): void {
    const { problem, origin } = this.#resources;
    if (problem !== undefined) throw new AppError('FORBIDDEN', problem);
    assertLoginHost(request, origin);
    assertSameOrigin(request, origin);
  }
}
