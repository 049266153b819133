import { Body, Controller, Delete, Get, Inject, Param, Patch, Query } from '@nestjs/common';
import type { Principal } from '@opensync/contracts';
import { callerOf } from '@opensync/event-log/key-service';
import type { People, User } from '@opensync/event-log/people';
import { Access, Caller } from '@opensync/platform/http';
import { parseBody, parseQuery } from '../input.ts';
import { LoginResources } from '../login/resources.ts';
import { pageAfter } from './page-after.ts';
import { memberListSchema, roleSchema } from './requests.ts';

/** The members of the caller's workspace. */
@Controller('api/members')
export class MembersController {
  readonly #resources: LoginResources;

  constructor(@Inject(LoginResources) resources: LoginResources) {
    this.#resources = resources;
  }

  @Get()
  @Access('members')
  list(@Caller() { workspaceId, userId: own }: Principal, @Query() query: unknown) {
    const people = this.#resources.keys.people.current();
    const { rows, cursor } = pageAfter(
      people.membersOf(workspaceId),
      ({ userId }) => userId,
      parseQuery(memberListSchema, query),
    );
    const members = rows.map(({ userId, role }) => ({ ...personJson(people, userId), role, isCaller: userId === own }));
    return { members, cursor };
  }

  @Patch(':id')
  @Access('manageMembers')
  async setRole(@Caller() caller: Principal, @Param('id') userId: string, @Body() body: unknown) {
    const { role } = parseBody(roleSchema, body);
    await this.#resources.keyService.ask({ command: 'set-role', caller: callerOf(caller), userId, role });
    return { ok: true, role };
  }

  /** Their keys and logins end, too. Their sessions stay stored. */
  @Delete(':id')
  @Access('manageMembers')
  async remove(@Caller() caller: Principal, @Param('id') userId: string) {
    const command = { command: 'remove-member', caller: callerOf(caller), userId } as const;
    const { revokedKeys } = await this.#resources.keyService.ask(command);
    return { ok: true, revokedKeys };
  }
}

/** What members see of each other. */
export function personJson(people: People, userId: string): { id: string; email?: string; name?: string } {
  const { email, name }: Partial<User> = people.user(userId) ?? {};
  return { id: userId, ...(email !== undefined && { email }), ...(name !== undefined && { name }) };
}
