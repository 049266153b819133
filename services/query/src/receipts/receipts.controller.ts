import { Controller, Get, Inject, Param, Query, UseInterceptors } from '@nestjs/common';
import { readerOf, type Principal } from '@opensync/contracts';
import { Access, Caller, parseSequence, WaitForDocuments } from '@opensync/platform/http';
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
  ): Promise<Receipt> {
    parseQuery(noParameters, query);
    return readReceipt(this.#resources, readerOf(caller), parseSequence(sequence, 'sequence'));
  }
}
