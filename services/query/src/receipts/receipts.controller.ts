import { Controller, Get, Inject, Param, Query, Req, UseInterceptors } from '@nestjs/common';
import { readerOf, type Principal } from '@opensync/contracts';
import { Access, Caller, sequenceAt, WaitForDocuments } from '@opensync/platform/http';
import type { FastifyRequest } from 'fastify';
import { noParameters, parseQuery } from '../input.ts';
import { QueryResources } from '../resources.ts';
import { readReceipt, type Receipt } from './receipt.ts';

@Controller('api/receipts')
@UseInterceptors(WaitForDocuments)
export class ReceiptsController {
  readonly #resources: QueryResources;

  constructor(@Inject(QueryResources) resources: QueryResources) {
    this.#resources = resources;
  }

  @Get(':sequence')
  @Access('read')
  async show(
    @Caller() caller: Principal,
    @Param('sequence') sequence: string,
    @Query() query: unknown,
    @Req() request: FastifyRequest,
  ): Promise<{ readonly sequence: string } & Receipt> {
    parseQuery(noParameters, query);
    const receipt = await readReceipt(this.#resources, readerOf(caller), sequenceAt(sequence, 'sequence', request));
    return { sequence, ...receipt };
  }
}
