import { randomBytes } from 'node:crypto';
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Req, Res } from '@nestjs/common';
import type { Owner, Principal } from '@opensync/contracts';
import { assertPerson, callerOf } from '@opensync/event-log/key-service';
import { AppError, reasonOf } from '@opensync/platform';
import { Access, assertLoginHost, Caller, loginTokenOf } from '@opensync/platform/http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { parseBody } from '../../input.ts';
import { assertLoginPossible, beginLogin, untilMember } from '../begin-login.ts';
import { LoginResources } from '../resources.ts';
import { returnPathOf } from '../return-path.ts';
import { ENDED_FLOW, FLOW_SECONDS, flowCookie, flowOf, type Flow } from './flow.ts';
import { problemOf } from './problems.ts';
import { ProviderError, type IdentityProvider, type Proof, type ProviderId } from './provider.ts';
import { connectSchema, providerLoginSchema } from './requests.ts';

const random = () => randomBytes(32).toString('base64url');

/** Logins at a provider of identities: OpenID Connect, or WorkOS. */
@Controller('auth')
export class ProvidersController {
  readonly #resources: LoginResources;

  constructor(@Inject(LoginResources) resources: LoginResources) {
    this.#resources = resources;
  }

  @Get('providers')
  @Access('public')
  list() {
    return { providers: this.#resources.providers.map(({ id, name }) => ({ id, name })) };
  }

  /** Answers where the login continues, so that no link and no preview of one begins a login. */
  @Post('login/provider')
  @HttpCode(200)
  @Access('public')
  async begin(@Body() body: unknown, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    assertLoginPossible(this.#resources, request);
    const { provider: id, return: asked, invitation } = parseBody(providerLoginSchema, body);
    const next = returnPathOf(asked, this.#resources.basePath);
    await this.#begin(id, { request, reply }, { next, ...(invitation !== undefined && { invitation }) });
  }

  /** Lets the caller log in at a provider from then on, too: a login to both accounts proves that they are the same person's. */
  @Post('connect')
  @HttpCode(200)
  @Access('keys')
  async connect(
    @Body() body: unknown,
    @Caller() caller: Principal,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { provider: id, return: asked } = parseBody(connectSchema, body);
    assertPerson(caller);
    const next = returnPathOf(asked, this.#resources.basePath);
    await this.#begin(id, { request, reply }, { next, connects: caller.loginId! });
  }

  /** Where the provider sends the browser. Whatever happens, the answer leads on to a page of ours. */
  @Get('callback/:provider')
  @Access('public')
  async callback(
    @Param('provider') id: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    assertLoginHost(request, this.#resources.origin);
    void reply.header('set-cookie', ENDED_FLOW).header('cache-control', 'no-store');
    let isInvited = false;
    try {
      const provider = this.#provider(id);
      const flow = await flowOf(request.headers.cookie, this.#flowKey());
      if (!flow || flow.provider !== provider.id) throw new ProviderError('no login was begun in this browser');
      isInvited = flow.invitation !== undefined;
      const proof = await provider.finish(new URL(request.url, flow.redirectUri).search, flow);
      await this.#useOnce(flow);
      if (flow.connects !== undefined) await this.#finishConnecting(flow.connects, proof, request);
      else await this.#finishLogin(flow, proof, { request, reply });
      void reply.redirect(flow.next, 303);
    } catch (error) {
      const problem = problemOf(error, isInvited);
      this.#resources.logger.info({ provider: id, problem, reason: reasonOf(error) }, 'a login at a provider failed');
      void reply.redirect(`${this.#resources.basePath}auth/login?problem=${problem}`, 303);
    }
  }

  async #begin(
    id: string,
    { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
    purpose: Pick<Flow, 'next' | 'invitation' | 'connects'>,
  ): Promise<void> {
    const provider = this.#provider(id);
    const redirectUri = `${this.#originOf(request)}${this.#resources.basePath}auth/callback/${provider.id}`;
    const challenge = { state: random(), nonce: random(), verifier: random(), redirectUri };
    const url = await provider.begin(challenge);
    const flow = { ...challenge, ...purpose, provider: provider.id };
    void reply.header('set-cookie', await flowCookie(flow, this.#flowKey())).send({ url: url.href });
  }

  async #finishLogin(
    { provider, invitation }: Flow,
    proof: Proof,
    http: { readonly request: FastifyRequest; readonly reply: FastifyReply },
  ): Promise<void> {
    const owner = await this.#ownerOf(provider, proof, invitation);
    await untilMember(this.#resources, owner);
    const { sessions } = this.#resources;
    await beginLogin(this.#resources, http, {
      owner,
      means: provider,
      provider: await sessions.stored(provider, proof),
    });
  }

  async #ownerOf(
    provider: ProviderId,
    { identity, organization }: Proof,
    invitation: string | undefined,
  ): Promise<Owner> {
    const { keyService, workos } = this.#resources;
    const directory = provider === 'workos' ? workos?.directory : undefined;
    // Their organizations as they are now: a webhook may be late.
    await directory?.sync(identity.subject);
    const { owner } = await keyService.ask({
      ...{ command: 'identify', identity },
      ...(invitation !== undefined && { invitation }),
      ...(directory && organization !== undefined && { workspaceId: directory.workspaceOf(organization) }),
    });
    return owner;
  }

  /** The browser is still logged in as the user who began this. @throws AppError */
  async #finishConnecting(loginId: string, { identity }: Proof, request: FastifyRequest): Promise<void> {
    const { logins, keyService } = this.#resources;
    const token = loginTokenOf(request);
    const caller = token === undefined ? undefined : logins.authenticate(token);
    if (caller?.loginId !== loginId) throw new ProviderError('the login that began this has ended');
    await keyService.ask({ command: 'connect', caller: callerOf(caller), identity });
  }

  /** @throws ProviderError if the answer of the provider was used before */
  async #useOnce({ state }: Flow): Promise<void> {
    const isFirst = await this.#resources.logins.claim(state, Date.now() + FLOW_SECONDS * 1000);
    if (!isFirst) throw new ProviderError('this login was finished before');
  }

  /** @throws AppError NOT_FOUND */
  #provider(id: string): IdentityProvider {
    const found = this.#resources.providers.find((provider) => provider.id === id);
    if (found) return found;
    throw new AppError('NOT_FOUND', 'Nobody can log in this way here; see GET /auth/providers');
  }

  #originOf({ headers }: FastifyRequest): string {
    // Without a setting, only names of this machine reach this.
    return this.#resources.origin ?? `http://${headers.host}`;
  }

  #flowKey(): Uint8Array {
    return this.#resources.keys.derivedSecret('login flow');
  }
}
