import { Controller, HttpCode, Inject, Post, Req } from '@nestjs/common';
import { AppError } from '@opensync/platform';
import { PublicWithBody } from '@opensync/platform/http';
import type { FastifyRequest } from 'fastify';
import { LoginResources } from '../resources.ts';
import { isSigned, parseEvent } from './webhook.ts';

/** What WorkOS tells about users, organizations and sessions. */
@Controller('auth/workos')
export class WorkosController {
  readonly #resources: LoginResources;

  constructor(@Inject(LoginResources) resources: LoginResources) {
    this.#resources = resources;
  }

  @Post('webhook')
  @HttpCode(200)
  @PublicWithBody()
  async webhook(@Req() request: FastifyRequest) {
    const { workos } = this.#resources;
    if (workos?.webhookSecret === undefined) {
      throw new AppError('NOT_FOUND', 'No webhooks are expected here; set WORKOS_WEBHOOK_SECRET');
    }
    const header = request.headers['workos-signature'];
    const { rawBody } = request;
    if (!rawBody || !isSigned(rawBody, { header, secret: workos.webhookSecret, now: Date.now() })) {
      throw new AppError('UNAUTHORIZED', 'The signature of this webhook is missing, wrong, or too old');
    }
    const event = parseEvent(request.body);
    if (event) await workos.directory.handle(event);
    return { ok: true };
  }
}
