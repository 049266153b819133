import { Body, Controller, HttpCode, Inject, Post, Query, UseInterceptors } from '@nestjs/common';
import { ownerOf, type Principal } from '@opensync/contracts';
import { Access, Caller, WaitForDocuments } from '@opensync/platform/http';
import { noParameters, parseBody, parseQuery } from '../input.ts';
import { QueryResources } from '../resources.ts';
import { audit, auditSchema, type AuditAnswer } from './audit.ts';

/** For plugins and collectors, which write with their key: what they have to send again. */
@Controller('api/audit')
@UseInterceptors(WaitForDocuments)
export class AuditController {
  readonly #resources: QueryResources;

  constructor(@Inject(QueryResources) resources: QueryResources) {
    this.#resources = resources;
  }

  @Post()
  @HttpCode(200)
  @Access('ingest', 'read')
  async compare(@Caller() caller: Principal, @Body() body: unknown, @Query() query: unknown): Promise<AuditAnswer> {
    parseQuery(noParameters, query);
    return audit(this.#resources.documents, ownerOf(caller), parseBody(auditSchema, body));
  }
}
