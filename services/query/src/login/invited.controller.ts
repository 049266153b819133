import { Body, Controller, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import type { Principal } from '@opensync/contracts';
import { callerOf } from '@opensync/event-log/key-service';
import { AppError } from '@opensync/platform';
import { Access, Caller, loginTokenOf } from '@opensync/platform/http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { parseBody } from '../input.ts';
import { assertLoginPossible, beginLogin, untilMember } from './begin-login.ts';
import { linkSchema } from './link-request.ts';
import { LoginResources } from './resources.ts';

/** What those who have an invitation do with it. Its token is in bodies only: addresses end up in logs. */
@Controller('auth')
export class InvitedController {
  readonly #resources: LoginResources;

  constructor(@Inject(LoginResources) resources: LoginResources) {
    this.#resources = resources;
  }

  /** What an invitation is for, before it is accepted. */
  @Post('invitation')
  @HttpCode(200)
  @Access('public')
  show(@Body() body: unknown, @Req() request: FastifyRequest) {
    assertLoginPossible(this.#resources, request);
    const { token } = parseBody(linkSchema, body);
    const { keys, logins } = this.#resources;
    const found = logins.invitations.find(token);
    if (!found) throw noSuchInvitation();
    const people = keys.people.current();
    const workspace = people.findWorkspace(found.workspaceId);
    const inviter = people.user(found.invitedBy);
    return {
      workspace: { id: found.workspaceId, ...(workspace?.name !== undefined && { name: workspace.name }) },
      role: found.role,
      ...(found.email !== undefined && { email: found.email }),
      ...(inviter?.name !== undefined && { invitedBy: inviter.name }),
      expiresAt: found.expiresAt,
    };
  }

  /**
   * Creates a user for a person who is not one yet, and logs them in. Refused where there is a provider: the link alone does not prove
   * whose address it names.
   */
  @Post('login/invitation')
  @HttpCode(200)
  @Access('public')
  async signUp(@Body() body: unknown, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    assertLoginPossible(this.#resources, request);
    const { token } = parseBody(linkSchema, body);
    if (this.#resources.providers.length > 0) {
      throw new AppError(
        'CONFLICT',
        'People log in at an identity provider here: accept the invitation with that login',
      );
    }
    // Checked here, not by the keeper: anybody can send this.
    if (!this.#resources.logins.invitations.find(token)) throw noSuchInvitation();
    const { owner } = await this.#resources.keyService.ask({ command: 'sign-up', token });
    await untilMember(this.#resources, owner);
    void reply.send(await beginLogin(this.#resources, { request, reply }, { owner, means: 'invitation' }));
  }

  /** Makes the caller a member. With a cookie, the browser is then logged in to the workspace of the invitation. */
  @Post('invitation/join')
  @HttpCode(200)
  @Access('keys')
  async join(
    @Body() body: unknown,
    @Caller() caller: Principal,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { token } = parseBody(linkSchema, body);
    const { keyService, logins } = this.#resources;
    const { owner } = await keyService.ask({ command: 'join', caller: callerOf(caller), token });
    await untilMember(this.#resources, owner);
    const workspaceId = owner.workspaceId;
    const cookie = caller.loginId === undefined ? undefined : loginTokenOf(request);
    if (cookie !== undefined && logins.find(cookie)) {
      await beginLogin(this.#resources, { request, reply }, { owner, means: 'invitation' });
    }
    void reply.send({ ok: true, workspaceId });
  }
}

function noSuchInvitation(): AppError {
  return new AppError('NOT_FOUND', 'This invitation was used already, withdrawn, or has expired; ask for another one');
}
