import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import type { Principal } from '@opensync/contracts';
import { AppError } from '@opensync/platform';
import { Access, Caller, TargetName, type NameTarget } from '@opensync/platform/http';
import { parseBody, parseQuery, noParameters } from '../input.ts';
import { QueryResources } from '../resources.ts';
import { bodyOfLetter, namedLetter, ownerOfLetter, replayLetters, type Replayed } from './letters.ts';
import { lettersSchema, listLettersSchema, positionSchema } from './operator-requests.ts';
import { recordOperation } from './record-operation.ts';

/** Of a body; the rest is for the command line. */
const BODY_BYTES = 256 * 1024;
/** A request must be answered before its client gives up; a letter that began then may take longer. */
const REPLAY_MS = 20_000;

/** What could not be processed. */
@Controller('api/operator/dead-letters')
export class LettersController {
  readonly #resources: QueryResources;

  constructor(@Inject(QueryResources) resources: QueryResources) {
    this.#resources = resources;
  }

  @Get()
  @Access('operate')
  async list(@TargetName() nameTarget: NameTarget, @Query() query: unknown) {
    const { consumer, limit, cursor = 0 } = parseQuery(listLettersSchema, query);
    nameTarget({ kind: 'dead letters' });
    const filter = consumer === undefined ? {} : { consumer };
    const found = await this.#resources.operator.deadLetters.list({ ...filter, after: cursor, limit: limit + 1 });
    const page = found.slice(0, limit);
    return {
      deadLetters: page.map(namedLetter),
      cursor: found.length > limit ? String(page.at(-1)!.sequence) : null,
    };
  }

  @Get(':id')
  @Access('operate')
  async read(
    @Caller() caller: Principal,
    @TargetName() nameTarget: NameTarget,
    @Param('id') id: string,
    @Query() query: unknown,
  ) {
    parseQuery(noParameters, query);
    const { operator, pageTurns } = this.#resources;
    const sequence = parseBody(positionSchema, id);
    const target = { kind: 'dead letter', id: String(sequence) };
    nameTarget(target);
    const letter = await operator.deadLetters.facts(sequence);
    // Whose event it was, only the letter says.
    nameTarget({ ...(letter && ownerOfLetter(letter)), ...target });
    if (!letter) throw new AppError('NOT_FOUND', 'There is no such dead letter; it may have been processed since');
    // A body may be megabytes, and is read whole.
    const endTurn = await pageTurns.acquire(caller.userId, 1);
    try {
      const body = await bodyOfLetter(operator.deadLetters, sequence, BODY_BYTES);
      return { ...namedLetter(letter), headers: letter.headers, ...body, isCut: letter.bytes > BODY_BYTES };
    } finally {
      endTurn();
    }
  }

  /** Letters that are left for later stay as they are. */
  @Post('replay')
  @HttpCode(200)
  @Access('operate')
  async replay(@Caller() caller: Principal, @Body() body: unknown) {
    const { ids } = parseBody(lettersSchema, body);
    const { operator, logger, now } = this.#resources;
    recordOperation(logger, caller, 'dead letters replayed', { ids });
    const results: Replayed[] = [];
    for await (const result of replayLetters(operator, ids, { until: now() + REPLAY_MS, now })) results.push(result);
    return { results };
  }

  @Post('drop')
  @HttpCode(200)
  @Access('operate')
  async drop(@Caller() caller: Principal, @Body() body: unknown) {
    const { ids } = parseBody(lettersSchema, body);
    const { operator, logger } = this.#resources;
    const dropped: number[] = [];
    const missing: number[] = [];
    recordOperation(logger, caller, 'dead letters dropped', { ids });
    for (const id of ids) ((await operator.deadLetters.drop(id)) ? dropped : missing).push(id);
    return { dropped, missing };
  }
}
