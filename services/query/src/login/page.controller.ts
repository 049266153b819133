import { Controller, Get, Query, Res } from '@nestjs/common';
import { Access } from '@opensync/platform/http';
import type { FastifyReply } from 'fastify';
import { CONTENT_SECURITY_POLICY, renderLogin } from './page.ts';
import { SCRIPT } from './page.script.ts';
import { returnPathOf } from './return-path.ts';

/** Until the console has one: the page on which people log in. */
@Controller('auth')
export class LoginPageController {
  @Get('login')
  @Access('public')
  page(@Query('return') asked: unknown, @Res() reply: FastifyReply): void {
    void reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', CONTENT_SECURITY_POLICY)
      .header('cross-origin-opener-policy', 'same-origin')
      .send(renderLogin(returnPathOf(asked)));
  }

  @Get('login.js')
  @Access('public')
  script(@Res() reply: FastifyReply): void {
    void reply.type('text/javascript; charset=utf-8').send(SCRIPT);
  }
}
