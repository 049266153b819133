import { Controller, Get, Inject, Query, Res } from '@nestjs/common';
import { Access } from '@opensync/platform/http';
import type { FastifyReply } from 'fastify';
import { CONTENT_SECURITY_POLICY, renderLogin } from './page.ts';
import { SCRIPT } from './page.script.ts';
import { sentenceOf } from './providers/problems.ts';
import { LoginResources } from './resources.ts';
import { returnPathOf } from './return-path.ts';

/** Until the console has one: the page on which people log in. */
@Controller('auth')
export class LoginPageController {
  readonly #resources: LoginResources;

  constructor(@Inject(LoginResources) resources: LoginResources) {
    this.#resources = resources;
  }

  @Get('login')
  @Access('public')
  page(@Query('return') asked: unknown, @Query('problem') problem: unknown, @Res() reply: FastifyReply): void {
    void reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', CONTENT_SECURITY_POLICY)
      .header('cross-origin-opener-policy', 'same-origin')
      .send(
        renderLogin({
          next: returnPathOf(asked, this.#resources.basePath),
          providers: this.#resources.providers,
          problem: sentenceOf(problem),
        }),
      );
  }

  @Get('login.js')
  @Access('public')
  script(@Res() reply: FastifyReply): void {
    void reply.type('text/javascript; charset=utf-8').send(SCRIPT);
  }
}
