import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import type { Principal } from '@opensync/contracts';
import { callerOf } from '@opensync/event-log/key-service';
import type { Invitation } from '@opensync/event-log/logins';
import type { People } from '@opensync/event-log/people';
import { Access, Caller } from '@opensync/platform/http';
import type { z } from 'zod';
import { parseBody } from '../input.ts';
import { LoginResources } from '../login/resources.ts';
import type { invitationAnswerSchema } from './answers.ts';
import { personJson } from './members.controller.ts';
import { days, newInvitationSchema } from './requests.ts';

/** Invitations to the caller's workspace that nobody has accepted yet. */
@Controller('api/invitations')
export class InvitationsController {
  readonly #resources: LoginResources;

  constructor(@Inject(LoginResources) resources: LoginResources) {
    this.#resources = resources;
  }

  @Get()
  @Access('manageMembers')
  list(@Caller() { workspaceId }: Principal) {
    const { keys, logins } = this.#resources;
    const people = keys.people.current();
    const open = logins.invitations.list().filter((one) => one.workspaceId === workspaceId);
    const newest = open.toSorted((a, b) => b.createdAt - a.createdAt);
    return { invitations: newest.map((one) => invitationJson(people, one)) };
  }

  @Post()
  @HttpCode(200)
  @Access('manageMembers')
  async create(@Caller() caller: Principal, @Body() body: unknown) {
    const { role, email, expiresInDays } = parseBody(newInvitationSchema, body);
    const expiresAt = Math.round(Date.now() + days(expiresInDays));
    const { token, invitation } = await this.#resources.keyService.ask({
      ...{ command: 'invite', caller: callerOf(caller), role, expiresAt },
      ...(email !== undefined && { email }),
    });
    const { origin, basePath, keys } = this.#resources;
    return {
      invitation: invitationJson(keys.people.current(), invitation),
      token,
      // In the fragment, which reaches no server and no log.
      ...(origin !== undefined && { url: `${origin}${basePath}auth/login#invitation=${token}` }),
    };
  }

  @Delete(':id')
  @Access('manageMembers')
  async withdraw(@Caller() caller: Principal, @Param('id') invitationId: string) {
    await this.#resources.keyService.ask({ command: 'withdraw', caller: callerOf(caller), invitationId });
    return { ok: true };
  }
}

function invitationJson(
  people: People,
  { id, role, email, invitedBy, createdAt, expiresAt }: Invitation,
): z.infer<typeof invitationAnswerSchema> {
  const inviter = personJson(people, invitedBy);
  return { id, role, ...(email !== undefined && { email }), invitedBy: inviter, createdAt, expiresAt };
}
