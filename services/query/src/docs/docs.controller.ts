import { Controller, Get, Inject, Param, Query, Req, Res } from '@nestjs/common';
import { AppError } from '@opensync/platform';
import { Access, addVary } from '@opensync/platform/http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { parseQuery } from '../input.ts';
import { QueryResources } from '../resources.ts';
import type { DocsIndex } from './docs-index.ts';
import { llmsText } from './llms.ts';
import type { DocPage } from './pages.ts';
import { DOCS_POLICY, renderContents, renderPage } from './render.ts';
import { DocsSearch, searchDocsSchema, type DocsAnswer } from './search-docs.ts';

const MARKDOWN = 'text/markdown; charset=utf-8';

/** The project's documentation: as pages, as Markdown for agents, and searchable. */
@Controller()
export class DocsController {
  readonly #index: Pick<DocsIndex, 'current'>;
  readonly #search: DocsSearch;
  /** Anyone may ask for a page, and rendering a long one takes tens of milliseconds. A changed page is another object. */
  readonly #rendered = new WeakMap<DocPage, string>();

  constructor(@Inject(QueryResources) resources: QueryResources) {
    this.#index = resources.docs;
    this.#search = new DocsSearch(this.#index, resources);
  }

  /** Any key will do: the pages hold nothing of anybody, but a search by meaning costs an embedding. */
  @Get('docs/search')
  @Access('read', 'figures', 'ingest')
  search(@Query() query: unknown): Promise<DocsAnswer> {
    return this.#search.search(parseQuery(searchDocsSchema, query));
  }

  @Get('llms.txt')
  @Access('public')
  async llms(@Res() reply: FastifyReply): Promise<void> {
    const { pages } = await this.#index.current();
    await reply.type('text/plain; charset=utf-8').send(llmsText(pages));
  }

  @Get('docs')
  @Access('public')
  async contents(@Res() reply: FastifyReply): Promise<void> {
    const { pages } = await this.#index.current();
    await sendPage(reply, renderContents(pages));
  }

  @Get('docs/:page')
  @Access('public')
  async page(@Param('page') page: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.#show(page, request, reply);
  }

  @Get('docs/adr/:page')
  @Access('public')
  async decision(
    @Param('page') page: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.#show(`adr/${page}`, request, reply);
  }

  @Get('docs/runbooks/:page')
  @Access('public')
  async runbook(
    @Param('page') page: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.#show(`runbooks/${page}`, request, reply);
  }

  #htmlOf(page: DocPage, pages: readonly DocPage[]): string {
    const html = this.#rendered.get(page) ?? renderPage(page, pages);
    this.#rendered.set(page, html);
    return html;
  }

  async #show(name: string, { headers }: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { pages } = await this.#index.current();
    const slug = name.replace(/\.md$/, '');
    const page = pages.find((one) => one.slug === slug);
    if (!page) throw new AppError('NOT_FOUND', 'There is no such page; /docs lists them all');
    const wantsMarkdown = name !== slug || headers.accept?.startsWith('text/markdown') === true;
    addVary(reply, 'Accept');
    if (wantsMarkdown) await reply.type(MARKDOWN).send(page.markdown);
    else await sendPage(reply, this.#htmlOf(page, pages));
  }
}

async function sendPage(reply: FastifyReply, html: string): Promise<void> {
  await reply
    .type('text/html; charset=utf-8')
    .header('content-security-policy', DOCS_POLICY)
    .header('referrer-policy', 'no-referrer')
    .send(html);
}
