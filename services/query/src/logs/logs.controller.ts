import { Controller, Get, Inject, Query } from '@nestjs/common';
import { refusalOf, type Positions, type Principal } from '@opensync/contracts';
import { AppError } from '@opensync/platform';
import { Access, Caller, CallerPositions, TargetName, type NameTarget } from '@opensync/platform/http';
import { parseQuery } from '../input.ts';
import { QueryResources } from '../resources.ts';
import { listLogs, listLogsSchema, type LogPage } from './list-logs.ts';

/** The API access log: for members their own requests, for admins with an admin key those of the workspace. */
@Controller('api/logs')
export class LogsController {
  readonly #resources: QueryResources;

  constructor(@Inject(QueryResources) resources: QueryResources) {
    this.#resources = resources;
  }

  @Get()
  @Access('logs')
  async list(
    @Caller() caller: Principal,
    @CallerPositions() positions: Positions,
    @TargetName() nameTarget: NameTarget,
    @Query() query: unknown,
  ): Promise<LogPage> {
    const { user, ...asked } = parseQuery(listLogsSchema, query);
    const { workspaceId } = caller;
    const userId = usersFor(caller, user);
    if (userId !== caller.userId)
      nameTarget({ kind: 'requests', workspaceId, ...(userId !== undefined && { userId }) });
    return listLogs(this.#resources, caller, { workspaceId, userId }, asked, positions);
  }
}

/** Whose requests are shown; undefined: those of all members. @throws AppError FORBIDDEN */
function usersFor(caller: Principal, asked: string | undefined): string | undefined {
  const refusal = refusalOf(caller, ['workspaceLogs']);
  if (refusal === undefined) return asked;
  if (asked === undefined || asked === caller.userId) return caller.userId;
  throw new AppError('FORBIDDEN', `Only admins may see the requests of other members. ${refusal}`);
}
