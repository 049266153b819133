import { readFileSync } from 'node:fs';
import { Controller, Get, Res } from '@nestjs/common';
import { Access } from '@opensync/platform/http';
import type { FastifyReply } from 'fastify';
import type { ApiDocument } from './document.ts';
import { API_PAGE_POLICY, renderApi } from './page.ts';

/** `npm run generate` writes it from the schemas of the routes. */
const FILE = new URL('../../openapi.json', import.meta.url);

/** The contract of the whole HTTP API, ingest included, for programs and for people. */
@Controller()
export class OpenApiController {
  #text: string | undefined;
  #page: string | undefined;

  @Get('openapi.json')
  @Access('public')
  document(@Res() reply: FastifyReply): void {
    void reply.type('application/json; charset=utf-8').send(this.#read());
  }

  @Get('docs/api')
  @Access('public')
  page(@Res() reply: FastifyReply): void {
    this.#page ??= renderApi(JSON.parse(this.#read()) as ApiDocument);
    void reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', API_PAGE_POLICY)
      .header('referrer-policy', 'no-referrer')
      .send(this.#page);
  }

  #read(): string {
    return (this.#text ??= readFileSync(FILE, 'utf8'));
  }
}
