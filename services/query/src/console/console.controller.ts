import { Controller, Get, Inject, Param, Req, Res } from '@nestjs/common';
import { AppError } from '@opensync/platform';
import { Access, addVary, codingsOf } from '@opensync/platform/http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { sendHome } from '../home/home.ts';
import { QueryResources } from '../resources.ts';
import { sendConsole } from './page.ts';

/** Their names change with their content. What the build has compressed is not to be compressed again. */
const FOREVER = 'public, max-age=31536000, immutable, no-transform';

/** The console: one page for every address below `/app`, and the files that it loads. `/` is in home.controller.ts. */
@Controller('app')
export class ConsoleController {
  readonly #resources: QueryResources;

  constructor(@Inject(QueryResources) resources: QueryResources) {
    this.#resources = resources;
  }

  @Get(['', ':page', ':page/:id', ':page/:id/:part'])
  @Access('public')
  async show(
    @Param() { page, id, part }: { page?: string; id?: string; part?: string },
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    if (page === 'assets' && id !== undefined && part === undefined) return this.#sendAsset(id, request, reply);
    const { console } = this.#resources;
    if (console) sendConsole(reply, console);
    else await sendHome(request, reply);
  }

  async #sendAsset(name: string, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { console } = this.#resources;
    const codings = codingsOf(request.headers['accept-encoding']);
    const asset = await console?.asset(name, (coding) => codings.has(coding));
    if (!console || !asset) throw new AppError('NOT_FOUND', 'The console has no such file; reload its page');
    if (console.varies(name)) addVary(reply, 'Accept-Encoding');
    if (asset.coding) void reply.header('content-encoding', asset.coding);
    void reply.type(asset.type).header('cache-control', FOREVER).send(asset.content);
  }
}
