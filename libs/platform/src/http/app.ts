import { totalmem } from 'node:os';
import cors from '@fastify/cors';
import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Settings } from '../config.ts';
import { AppError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { Registry } from '../telemetry/index.ts';
import { DEFAULT_ACCESS } from './access.ts';
import { requireScope, type Authenticate } from './authentication.ts';
import { BodyBudget } from './body-budget.ts';
import { jsonBodyParser } from './body.ts';
import { answerClientError } from './client-errors.ts';
import { drainOnClose } from './drain.ts';
import { ErrorFilter } from './error-filter.ts';
import type { Health } from '../health.ts';
import { addHealthRoutes } from './health.ts';
import { NestLogger } from './nest-logger.ts';
import { addMetricsRoute, observeRequests } from './observe.ts';
import { rateLimitHooks } from './rate-limits.ts';
import { requestIdOf } from './request-id.ts';
import { RouteTable } from './route-table.ts';

/** The settings of an HTTP API, beside where it listens. */
export const HTTP_SETTINGS = [
  'OPENSYNC_BODY_LIMIT',
  'OPENSYNC_CORS_ORIGINS',
  'OPENSYNC_INGEST_RATE_LIMIT',
  'OPENSYNC_READ_RATE_LIMIT',
] as const satisfies (keyof Settings)[];

export interface HttpAppOptions {
  readonly settings: Pick<Settings, (typeof HTTP_SETTINGS)[number]>;
  readonly logger: Logger;
  readonly authenticate: Authenticate;
  readonly health: Health;
  /** Requests are counted here, and `/metrics` shows all of it; neither where it is not set. */
  readonly metrics?: Registry | undefined;
  /** How long `close()` waits for requests under way before it cuts them off; 5 seconds where not set. */
  readonly drainLimitMs?: number;
  /** Bytes that the bodies of all requests under way may have together, room for two at least; default {@link affordableBodies}. */
  readonly bodiesLimit?: number;
}

/** 256 MiB, or an eighth of the memory of a small machine or container: parsed, a body takes several times its bytes. */
function affordableBodies(): number {
  // 0 where nothing constrains it.
  const memory = Math.min(process.constrainedMemory() || Infinity, totalmem());
  return Math.min(256 * 1024 * 1024, memory / 8);
}

/** A request must have arrived whole within this; holds sockets back from clients that send byte by byte. */
const REQUEST_TIMEOUT_MS = 120_000;
/** Characters, decoded. Plugins' ids stand in paths and have up to 512; Fastify's default is 100. */
const LONGEST_PATH_PARAMETER = 512;
/** Longer than the usual 60 s of proxies, so that it is never us who closes a connection they just reuse. */
const KEEP_ALIVE_MS = 72_000;

/** Their routes always take a body. */
const BODY_METHODS: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

/** What scripts of other origins may send, and what they may read of an answer. */
const REQUEST_HEADERS = [
  'Authorization',
  'Content-Type',
  'Content-Encoding',
  'Idempotency-Key',
  'Osk-Wait-Sequence',
  'X-Request-Id',
  'traceparent',
];
const ANSWER_HEADERS = [
  'Osk-Sequence',
  'Osk-Stale',
  'RateLimit-Limit',
  'RateLimit-Remaining',
  'RateLimit-Reset',
  'Retry-After',
  'X-Request-Id',
  'X-Export-Sessions',
  'X-Export-TestCases',
];

/**
 * The HTTP application around `rootModule`, not yet listening: authentication by route before any body is read, JSON
 * bodies, CORS, rate limits, health routes, and one error shape for whatever goes wrong.
 * Routes are controllers of the module; `@Access` opens them.
 */
export async function createHttpApp(
  rootModule: Type | DynamicModule,
  options: HttpAppOptions,
): Promise<NestFastifyApplication> {
  const { settings, logger, health } = options;
  const routes = new RouteTable();
  const errors = new ErrorFilter(logger, routes);
  const adapter = new FastifyAdapter({
    logger: false,
    bodyLimit: settings.OPENSYNC_BODY_LIMIT,
    // A base URL with a slash at its end makes `//health` of `/health`.
    routerOptions: { maxParamLength: LONGEST_PATH_PARAMETER, ignoreDuplicateSlashes: true, ignoreTrailingSlash: true },
    genReqId: requestIdOf,
    requestIdHeader: false,
    clientErrorHandler: answerClientError,
    // What the router refuses before any hook or handler of Nest can see it.
    frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) =>
      errors.answer(error, request, reply),
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // A request that still gets in while we close is served: clients need not repeat it.
    return503OnClosing: false,
    // Nothing here uses Express-style middleware, and its hook would cost every request.
    skipMiddie: true,
  });
  const instance = adapter.getInstance();

  instance.decorateRequest('principal', null);
  instance.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done();
  });
  observeRequests(instance, options);
  await addCors(instance, settings.OPENSYNC_CORS_ORIGINS);
  // Before the body of a request that leads nowhere is read.
  instance.addHook('onRequest', (request, _reply, done) =>
    done(request.is404 ? routes.notFound(request.method, request.url) : undefined),
  );
  await guardRoutes(instance, routes, options);
  acceptJson(instance, settings.OPENSYNC_BODY_LIMIT, options.bodiesLimit ?? affordableBodies());
  drainOnClose(instance, options.drainLimitMs ?? 5_000);
  addHealthRoutes(instance, health);
  if (options.metrics) addMetricsRoute(instance, options.metrics);

  const app = await NestFactory.create<NestFastifyApplication>(rootModule, adapter, {
    bodyParser: false,
    abortOnError: false,
    logger: new NestLogger(logger),
  });
  return app.useGlobalFilters(errors);
}

/** As createHttpApp for a service that people and plugins do not talk to: nothing but health and metrics. */
export function createHealthApp(
  rootModule: Type | DynamicModule,
  options: Pick<HttpAppOptions, 'logger' | 'health' | 'metrics'>,
): Promise<NestFastifyApplication> {
  return createHttpApp(rootModule, {
    ...options,
    settings: {
      OPENSYNC_BODY_LIMIT: 1024,
      OPENSYNC_CORS_ORIGINS: '',
      OPENSYNC_INGEST_RATE_LIMIT: 0,
      OPENSYNC_READ_RATE_LIMIT: 0,
    },
    authenticate: () => undefined,
  });
}

/** Origins separated by commas, or `*`. Goes first: a browser can read an error answer only with these headers. */
async function addCors(instance: FastifyInstance, origins: string): Promise<void> {
  const listed = origins.split(',').map((origin) => origin.trim());
  await instance.register(cors, {
    origin: listed.includes('*') ? '*' : listed,
    methods: ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE'],
    allowedHeaders: REQUEST_HEADERS,
    exposedHeaders: ANSWER_HEADERS,
    maxAge: 86_400,
    strictPreflight: false,
  });
}

/** Puts authentication, then the rate limit of its class, in front of each route that is added from here on. */
async function guardRoutes(instance: FastifyInstance, routes: RouteTable, options: HttpAppOptions): Promise<void> {
  const limits = await rateLimitHooks(instance, {
    ingest: options.settings.OPENSYNC_INGEST_RATE_LIMIT,
    read: options.settings.OPENSYNC_READ_RATE_LIMIT,
  });
  instance.addHook('onRoute', (route) => {
    routes.add(route);
    const access = route.config?.access ?? DEFAULT_ACCESS;
    if (access === 'public') return;
    const limit = limits[access[0] === 'ingest' ? 'ingest' : 'read'];
    route.onRequest = [requireScope(options.authenticate, access), limit ?? [], route.onRequest ?? []].flat();
  });
}

/** JSON is the only language here, so a body without a content type is taken for it, and a missing one is an empty one. */
function acceptJson(instance: FastifyInstance, limit: number, bodiesLimit: number): void {
  const budget = new BodyBudget(Math.max(bodiesLimit, 2 * limit));
  budget.addTo(instance, limit);
  instance.addHook('onRequest', (request, _reply, done) => {
    if (BODY_METHODS.has(request.method)) request.headers['content-type'] ??= 'application/json';
    done();
  });
  instance.removeAllContentTypeParsers();
  instance.addContentTypeParser('application/json', { parseAs: 'buffer' }, jsonBodyParser(limit, budget));
  instance.addContentTypeParser('*', (_request, _body, done) =>
    done(new AppError('UNSUPPORTED_MEDIA_TYPE', 'Send JSON, with `Content-Type: application/json`')),
  );
}
