import { Body, Controller, Get, HttpCode, Inject, Post, Query, UseInterceptors } from '@nestjs/common';
import { readerOf, type Positions, type Principal } from '@opensync/contracts';
import { Access, Caller, CallerPositions } from '@opensync/platform/http';
import { noParameters, parseBody, parseQuery } from '../input.ts';
import { QueryResources } from '../resources.ts';
import { WaitForIndex } from '../waiting/wait-for-index.ts';
import type { ContextAnswer } from './context-answer.ts';
import { contextBodySchema, contextQuerySchema } from './context-request.ts';
import { getContext } from './get-context.ts';

@Controller('api/context')
@UseInterceptors(WaitForIndex)
export class ContextController {
  readonly #resources: QueryResources;

  constructor(@Inject(QueryResources) resources: QueryResources) {
    this.#resources = resources;
  }

  @Post()
  @HttpCode(200)
  @Access('read')
  async post(
    @Caller() caller: Principal,
    @CallerPositions() positions: Positions,
    @Body() body: unknown,
    @Query() query: unknown,
  ): Promise<ContextAnswer> {
    parseQuery(noParameters, query);
    return getContext(this.#resources, readerOf(caller), parseBody(contextBodySchema, body), positions);
  }

  @Get()
  @Access('read')
  async get(
    @Caller() caller: Principal,
    @CallerPositions() positions: Positions,
    @Query() query: unknown,
  ): Promise<ContextAnswer> {
    return getContext(this.#resources, readerOf(caller), parseQuery(contextQuerySchema, query), positions);
  }
}
