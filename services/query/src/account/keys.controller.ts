import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { refusalOf, SCOPES, type Principal } from '@opensync/contracts';
import { callerOf } from '@opensync/event-log/key-service';
import type { ApiKeyRecord } from '@opensync/event-log/keys';
import type { People } from '@opensync/event-log/people';
import { AppError } from '@opensync/platform';
import { Access, Caller } from '@opensync/platform/http';
import type { z } from 'zod';
import { parseBody, parseQuery } from '../input.ts';
import { LoginResources } from '../login/resources.ts';
import type { keySchema } from './answers.ts';
import { pageAfter } from './page-after.ts';
import { hours, keyListSchema, newKeySchema, rotateSchema } from './requests.ts';

/** The caller's own API keys, and for callers who manage members also those of the members. */
@Controller('api/keys')
export class KeysController {
  readonly #resources: LoginResources;

  constructor(@Inject(LoginResources) resources: LoginResources) {
    this.#resources = resources;
  }

  /** Newest first, valid ones before the others. */
  @Get()
  @Access('account')
  list(@Caller() caller: Principal, @Query() query: unknown) {
    const { of, ...page } = parseQuery(keyListSchema, query);
    const { keys } = this.#resources;
    const refusal = of === 'workspace' ? refusalOf(caller, ['manageMembers']) : undefined;
    if (refusal !== undefined)
      throw new AppError('FORBIDDEN', `Only admins may see the keys of other members. ${refusal}`);
    const now = Date.now();
    const { workspaceId, userId } = caller;
    const own = keys.listOf(of === 'workspace' ? { workspaceId } : { workspaceId, userId });
    const ordered = own.toReversed().toSorted((a, b) => Number(isValid(b, now)) - Number(isValid(a, now)));
    const { rows, cursor } = pageAfter(ordered, ({ id }) => id, page);
    const people = of === 'workspace' ? keys.people.current() : undefined;
    return { keys: rows.map((record) => keyJson(record, now, people)), cursor };
  }

  @Post()
  @HttpCode(200)
  @Access('keys')
  async create(@Caller() caller: Principal, @Body() body: unknown) {
    const wanted = parseBody(newKeySchema, body);
    const { key, record } = await this.#resources.keyService.ask({
      ...{ command: 'create-key', caller: callerOf(caller), name: wanted.name, scopes: wanted.scopes },
      ...(wanted.expiresAt !== undefined && { expiresAt: wanted.expiresAt }),
    });
    return { key, record: keyJson(record, Date.now()) };
  }

  @Post(':id/rotate')
  @HttpCode(200)
  @Access('keys')
  async rotate(@Caller() caller: Principal, @Param('id') keyId: string, @Body() body: unknown) {
    const { overlapHours } = parseBody(rotateSchema, body);
    this.#assertKnown(caller, keyId);
    const now = Date.now();
    const endsAt = Math.round(now + hours(overlapHours));
    const command = { command: 'rotate-key', caller: callerOf(caller), keyId, endsAt } as const;
    const { key, record, former } = await this.#resources.keyService.ask(command);
    return { key, record: keyJson(record, now), former: keyJson(former, now) };
  }

  @Delete(':id')
  @Access('keys')
  async revoke(@Caller() caller: Principal, @Param('id') keyId: string) {
    this.#assertKnown(caller, keyId);
    const command = { command: 'revoke-key', caller: callerOf(caller), keyId } as const;
    const { record } = await this.#resources.keyService.ask(command);
    return { record: keyJson(record, Date.now()) };
  }

  /** Keeps unknown keys from the keeper. @throws AppError NOT_FOUND */
  #assertKnown({ workspaceId }: Principal, keyId: string): void {
    if (this.#resources.keys.record(keyId)?.owner.workspaceId !== workspaceId)
      throw new AppError('NOT_FOUND', 'You have no such key');
  }
}

function isValid({ revokedAt, expiresAt = Infinity }: ApiKeyRecord, now: number): boolean {
  return revokedAt === undefined && expiresAt > now;
}

/** @param people to name the user */
function keyJson(record: ApiKeyRecord, now: number, people?: People): z.infer<typeof keySchema> {
  const { id, prefix, name, scopes, createdAt, expiresAt, usedAt, revokedAt, replacedBy, owner } = record;
  const { email, name: userName } = people?.user(owner.userId) ?? {};
  return {
    ...{ id, hint: prefix, name, scopes: SCOPES.filter((scope) => scopes.includes(scope)) },
    state: revokedAt !== undefined ? 'revoked' : isValid(record, now) ? 'valid' : 'expired',
    createdAt,
    ...(expiresAt !== undefined && { expiresAt }),
    ...(usedAt !== undefined && { usedAt }),
    ...(revokedAt !== undefined && { revokedAt }),
    ...(replacedBy !== undefined && { replacedBy }),
    ...(people && {
      user: {
        id: owner.userId,
        ...(email !== undefined && { email }),
        ...(userName !== undefined && { name: userName }),
      },
    }),
  };
}
