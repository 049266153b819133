import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Req, Res } from '@nestjs/common';
import { ownerOf, type Principal } from '@opensync/contracts';
import { AppError } from '@opensync/platform';
import { Access, AccessByKey, Caller, loginCookie, loginTokenOf } from '@opensync/platform/http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { parseBody } from '../input.ts';
import { assertLoginPossible, beginLogin } from './begin-login.ts';
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
    assertLoginPossible(this.#resources, request);
    const login = { owner: ownerOf(caller), means: 'key', keyId: caller.keyId } as const;
    void reply.send(await beginLogin(this.#resources, { request, reply }, login));
  }

  @Post('login/link')
  @HttpCode(200)
  @Access('public')
  async byLink(@Body() body: unknown, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    assertLoginPossible(this.#resources, request);
    const { token } = parseBody(linkSchema, body);
    const person = await this.#resources.logins.useLink(token);
    if (!person) throw new AppError('UNAUTHORIZED', 'This link was used already, or has expired; ask for another one');
    void reply.send(await beginLogin(this.#resources, { request, reply }, { ...person, means: 'link' }));
  }

  @Get('session')
  @Access('account')
  session(@Caller() caller: Principal, @Req() request: FastifyRequest) {
    const { keys, logins } = this.#resources;
    const token = caller.loginId === undefined ? undefined : loginTokenOf(request);
    const record = token === undefined ? undefined : logins.find(token);
    return sessionJson(keys, caller, token !== undefined && record ? { token, record } : undefined);
  }

  /** Where the caller is logged in. A leaked key of a plugin must not see or end that. */
  @Get('logins')
  @Access('keys')
  list(@Caller() caller: Principal) {
    const logins = this.#resources.logins.list(reachOf(caller));
    return { logins: logins.map((record) => ({ ...loginJson(record), isCurrent: record.id === caller.loginId })) };
  }

  @Delete('logins/:id')
  @Access('keys')
  async end(@Caller() caller: Principal, @Param('id') id: string) {
    const ended = await this.#resources.logins.endOf(reachOf(caller), id);
    if (ended === 0) throw new AppError('NOT_FOUND', 'You have no such login');
    return { ok: true };
  }

  /** Takes effect on every gateway within moments. A key that asks has no login to end. */
  @Post('logout')
  @HttpCode(200)
  @Access('account')
  async logout(@Caller() caller: Principal, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const redirect = caller.loginId === undefined ? undefined : await this.#end(request);
    void reply
      .header('set-cookie', loginCookie('', 0))
      .header('clear-site-data', '"cache", "storage"')
      .send({ ok: true, ...(redirect && { redirect }) });
  }

  /** Ends the login here, then at its provider. Resolves with where the browser ends its own there. */
  async #end(request: FastifyRequest): Promise<string | undefined> {
    const { logins, sessions, origin, basePath, workos } = this.#resources;
    const token = loginTokenOf(request)!;
    const provider = logins.find(token)?.provider;
    await logins.end(token);
    if (!provider) return undefined;
    if (provider.id === 'workos' && provider.session !== undefined)
      await workos?.directory.endSession(provider.session);
    const home = `${origin ?? `http://${request.headers.host}`}${basePath}auth/login`;
    return (await sessions.end(provider, home))?.href;
  }
}

/** A person reaches all their logins; a key, and a login with one, those to its workspace. */
function reachOf({ workspaceId, userId, loginId, loginKeyId }: Principal): { userId: string; workspaceId?: string } {
  return loginId !== undefined && loginKeyId === undefined ? { userId } : { workspaceId, userId };
}
