import type { Server } from 'node:http';
import type { DynamicModule, Type } from '@nestjs/common';
import { PositionCodec } from '@opensync/contracts';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyHttpOptions, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Settings } from '../config.ts';
import { AppError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { affordable } from '../memory.ts';
import { Places } from '../places.ts';
import { counter, METRIC, type Registry } from '../telemetry/index.ts';
import { DEFAULT_ACCESS } from './access.ts';
import { requireAccess, type Authenticate, type Gate } from './authentication.ts';
import { WriteAdmission, writeClassOf } from './admit-writes.ts';
import { AnswerBudget } from './answer-budget.ts';
import { BodyBudget } from './body-budget.ts';
import { limitForOne } from './fair-bytes.ts';
import { MOST_VALUE_BYTES } from './json-shape.ts';
import { jsonBodyParser } from './body.ts';
import { parseProxies, peerAddress } from './client-address.ts';
import { clientErrorHandler } from './client-errors.ts';
import { compressAnswer } from './compress.ts';
import { Connections } from './connections.ts';
import { Cors } from './cors.ts';
import { DailyUse, type DailyLimits } from './daily-use.ts';
import { drainOnClose } from './drain.ts';
import { ErrorFilter } from './error-filter.ts';
import type { Health } from '../health.ts';
import { GuessLimit } from './guessing.ts';
import { KeyTurns } from './key-turns.ts';
import { KeylessLimit } from './keyless.ts';
import { addHealthRoutes } from './health.ts';
import type { Logins } from './logins.ts';
import { NestLogger } from './nest-logger.ts';
import { addMetricsRoute } from './metrics.ts';
import { observeRequests, type AccessSink } from './observe.ts';
import { limitHook, meteredOf, type Limits } from './rate-limits.ts';
import { RequestRates } from './request-rates.ts';
import { requestIdOf } from './request-id.ts';
import { LONGEST_PATH_PARAMETER, RouteTable, withoutOrigin } from './route-table.ts';
import { addServerEvents, refuseConnection } from './server-events.ts';
import { SlowRefusals } from './slow-refusals.ts';
import { addStandingHeaders, standingHeaders } from './standing-headers.ts';
import { TIMEOUTS, timeoutOptions, type Timeouts } from './timeouts.ts';
import { UploadRate } from './upload-rate.ts';
import { WAITS } from './wait-for-sequence.ts';

/** The settings of an HTTP API, except where it listens. */
export const HTTP_SETTINGS = [
  'OPENSYNC_BODY_LIMIT',
  'OPENSYNC_CORS_ORIGINS',
  'OPENSYNC_DAILY_BYTES',
  'OPENSYNC_DAILY_EVENTS',
  'OPENSYNC_DAILY_REQUESTS',
  'OPENSYNC_HEADERS_SECONDS',
  'OPENSYNC_INGEST_RATE_LIMIT',
  'OPENSYNC_KEYLESS_LIMIT',
  'OPENSYNC_MAX_CONNECTIONS',
  'OPENSYNC_ADDRESS_CONNECTIONS',
  'OPENSYNC_READ_RATE_LIMIT',
  'OPENSYNC_SHED_FROM',
  'OPENSYNC_TRUSTED_PROXIES',
  'OPENSYNC_WRONG_KEY_LIMIT',
] as const satisfies (keyof Settings)[];

export interface HttpAppOptions {
  readonly settings: Pick<Settings, (typeof HTTP_SETTINGS)[number]>;
  readonly logger: Logger;
  readonly authenticate: Authenticate;
  /** The logins of people; absent: only keys give access. */
  readonly logins?: Logins | undefined;
  /** Resolves the user of an identity provider's access token; absent: none is accepted. */
  readonly accessTokens?: Authenticate | undefined;
  /** Sequences as callers see them. */
  readonly positions: PositionCodec;
  readonly health: Health;
  /** Requests are counted here, and `/metrics` shows the registry; absent: neither. */
  readonly metrics?: Registry | undefined;
  /** Receives every request with a valid key; absent: they are not logged for their owners. */
  readonly accessLog?: AccessSink | undefined;
  /** Receives the counts of requests by key, to exchange them with other processes; absent: this one counts for itself. */
  readonly shareRates?: ((rates: RequestRates) => void) | undefined;
  /** What workspaces have used on this day; absent: this process counts for itself. */
  readonly dailyUse?: DailyUse | undefined;
  /** How long `close()` waits for requests in progress before it cuts them off; default 5 seconds. */
  readonly drainLimitMs?: number;
  /**
   * Bytes that the bodies of all requests in progress may have in total, with their values; default 256 MiB, or an eighth of the
   * memory, but always enough for the largest body.
   */
  readonly bodiesLimit?: number;
  /** Bytes that answers which are not streamed may have in total until clients have read them; default 64 MiB, or a sixteenth of the memory. */
  readonly answersLimit?: number;
  /** For tests: the clock for counting requests by address, in milliseconds. */
  readonly now?: () => number;
  /** Other timeouts than {@link TIMEOUTS}. */
  readonly timeouts?: Partial<Timeouts>;
}

const MEBIBYTE = 1024 * 1024;

/** Bytes of a body at the limit: compressed to as much as it unfolds to, and full of values. */
function largestBody(bodyLimit: number): number {
  return 2 * bodyLimit + MOST_VALUE_BYTES;
}

/** Bytes of a body that asks for something: twice the longest query as ASCII. */
const READ_BODY_LIMIT = 64 * 1024;

/** Their routes always take a body. */
const BODY_METHODS: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

/**
 * The HTTP application around `rootModule`, not yet listening: authentication by route before any body is read, JSON
 * bodies, CORS, rate limits, health routes, and one error shape for all errors. Routes are controllers of the module;
 * `@Access` opens them.
 */
export async function createHttpApp(
  rootModule: Type | DynamicModule,
  options: HttpAppOptions,
): Promise<NestFastifyApplication> {
  const { settings, logger, health } = options;
  const routes = new RouteTable();
  const errors = new ErrorFilter(logger, routes);
  const cors = new Cors(settings.OPENSYNC_CORS_ORIGINS);
  const headersFor = standingHeaders(cors);
  const proxies = parseProxies(settings.OPENSYNC_TRUSTED_PROXIES)!;
  const connections = new Connections({
    total: settings.OPENSYNC_MAX_CONNECTIONS,
    perAddress: settings.OPENSYNC_ADDRESS_CONNECTIONS,
    addressOf: (socket) => peerAddress(socket, proxies),
    refuse: (socket, surplus) => refuseConnection(socket, surplus, headersFor),
  });
  const timeouts = { ...TIMEOUTS, headersMs: settings.OPENSYNC_HEADERS_SECONDS * 1000, ...options.timeouts };
  const refusals = new SlowRefusals(timeouts.refusalMs);
  const now = options.now ?? (() => performance.now());
  const failedLogins = options.metrics && counter(options.metrics, METRIC.failedLogins);
  const gate: Gate = {
    authenticate: options.authenticate,
    logins: options.logins,
    accessTokens: options.accessTokens,
    positions: options.positions,
    guesses: new GuessLimit(settings.OPENSYNC_WRONG_KEY_LIMIT, now),
    keyless: new KeylessLimit(settings.OPENSYNC_KEYLESS_LIMIT, { proxies, refusals, now }),
    refusals,
    connections,
    proxies,
    turns: new KeyTurns(),
    onRefused: (kind) => failedLogins?.inc({ kind }),
  };
  const serverTimeouts = timeoutOptions(timeouts);
  const adapterOptions: FastifyHttpOptions<Server> & { skipMiddie: true } = {
    logger: false,
    bodyLimit: settings.OPENSYNC_BODY_LIMIT,
    // A base URL with a trailing slash turns `/health` into `//health`.
    routerOptions: { maxParamLength: LONGEST_PATH_PARAMETER, ignoreDuplicateSlashes: true, ignoreTrailingSlash: true },
    // Clients that are configured for a proxy send absolute URLs.
    rewriteUrl: ({ url = '/' }) => (url.startsWith('/') ? url : withoutOrigin(url)),
    genReqId: requestIdOf,
    requestIdHeader: false,
    clientErrorHandler: clientErrorHandler({ connections, headersFor, routes, logger }),
    // Errors of the router, before any hook or handler of Nest.
    frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) =>
      errors.answer(error, request, reply.headers(headersFor(request.headers.origin))),
    ...serverTimeouts,
    // A request without a Host is refused as every other one is, not by Node.
    http: { ...serverTimeouts.http, requireHostHeader: false },
    // A request that still gets in while we close is served: clients need not repeat it.
    return503OnClosing: false,
    // Nothing here uses Express-style middleware, and its hook would slow down every request.
    skipMiddie: true,
  };
  const adapter = new FastifyAdapter(adapterOptions);
  const instance = adapter.getInstance();

  addServerEvents(instance.server, headersFor);

  instance.decorateRequest('principal', null);
  instance.decorate('waits', new Places(WAITS));
  instance.decorateRequest('positions', null);
  instance.decorateRequest('mayContinue', null);
  instance.decorateRequest('rawBody', null);
  instance.decorateRequest('writtenSequence', 0);
  instance.decorateRequest('use', null);
  instance.decorateRequest('target', null);
  instance.decorateRequest('place', null);
  observeRequests(instance, options);
  addStandingHeaders(instance, { cors, headersFor, routes });
  // Before the body of a request without a route is read.
  instance.addHook('onRequest', async (request) => {
    if (!request.is404) return;
    await gate.keyless.count(request);
    throw routes.noRoute(request.method, request.url);
  });
  gate.keyless.addTo(instance);
  compressReads(instance);
  const rates = new RequestRates();
  const from = settings.OPENSYNC_SHED_FROM;
  const admission = from > 0 ? new WriteAdmission({ from, now, logger, metrics: options.metrics }) : undefined;
  const uploads = new UploadRate(timeouts);
  admission?.addTo(instance.server, {
    headersFor,
    isStopping: () => instance.isStopping,
    watchRest: (request) => uploads.watchRest(request),
  });
  // After admission, so that it also sees the requests that the framework does not.
  connections.addTo(instance.server);
  guardRoutes(instance, routes, { gate, settings, rates, admission, use: options.dailyUse ?? new DailyUse() });
  options.shareRates?.(rates);
  limitReads(instance, settings.OPENSYNC_BODY_LIMIT);
  const bodiesLimit = Math.max(
    affordable(256 * MEBIBYTE, 1 / 8),
    limitForOne(largestBody(settings.OPENSYNC_BODY_LIMIT)),
  );
  const shed = options.metrics && counter(options.metrics, METRIC.shedRequests);
  const budget = new BodyBudget(options.bodiesLimit ?? bodiesLimit, ({ routeOptions }) =>
    shed?.inc({ class: writeClassOf(routeOptions) ?? 'other', reason: 'memory' }),
  );
  acceptJson(instance, budget);
  uploads.addTo(instance);
  new AnswerBudget(options.answersLimit ?? affordable(64 * MEBIBYTE, 1 / 16), timeouts).addTo(instance);
  drainOnClose(instance, options.drainLimitMs ?? 5_000);
  addHealthRoutes(instance, health);
  if (options.metrics) addMetricsRoute(instance, options.metrics, requireAccess(gate, ['metrics']));

  const app = await NestFactory.create<NestFastifyApplication>(rootModule, adapter, {
    bodyParser: false,
    abortOnError: false,
    logger: new NestLogger(logger),
  });
  return app.useGlobalFilters(errors);
}

/** As createHttpApp, for a service without an API: only health and metrics. */
export function createHealthApp(
  rootModule: Type | DynamicModule,
  options: Pick<HttpAppOptions, 'logger' | 'health' | 'metrics'>,
): Promise<NestFastifyApplication> {
  return createHttpApp(rootModule, {
    ...options,
    settings: {
      OPENSYNC_BODY_LIMIT: 1024,
      OPENSYNC_CORS_ORIGINS: '',
      OPENSYNC_DAILY_BYTES: 0,
      OPENSYNC_DAILY_EVENTS: 0,
      OPENSYNC_DAILY_REQUESTS: 0,
      OPENSYNC_HEADERS_SECONDS: TIMEOUTS.headersMs / 1000,
      OPENSYNC_INGEST_RATE_LIMIT: 0,
      OPENSYNC_KEYLESS_LIMIT: 0,
      OPENSYNC_MAX_CONNECTIONS: 256,
      OPENSYNC_ADDRESS_CONNECTIONS: 256,
      OPENSYNC_READ_RATE_LIMIT: 0,
      OPENSYNC_SHED_FROM: 0,
      OPENSYNC_TRUSTED_PROXIES: '',
      OPENSYNC_WRONG_KEY_LIMIT: 0,
    },
    authenticate: async () => undefined,
    positions: new PositionCodec(() => ['nobody is authenticated here']),
  });
}

/** Answers to plugins' writes are small and many, so they are not compressed. */
function compressReads(instance: FastifyInstance): void {
  instance.addHook('onRoute', (route) => {
    const isWrite = route.method === 'POST' && route.config?.access?.[0] === 'ingest';
    // First, so that HEAD returns the same length as GET.
    if (!isWrite) route.onSend = [compressAnswer, route.onSend ?? []].flat();
  });
}

/** The daily limits of workspaces. */
export function dailyLimitsOf(
  settings: Pick<Settings, 'OPENSYNC_DAILY_REQUESTS' | 'OPENSYNC_DAILY_EVENTS' | 'OPENSYNC_DAILY_BYTES'>,
): DailyLimits {
  return {
    requests: settings.OPENSYNC_DAILY_REQUESTS,
    events: settings.OPENSYNC_DAILY_EVENTS,
    bytes: settings.OPENSYNC_DAILY_BYTES,
  };
}

/** Adds authentication and admission, then the rate limit of its class, to each route that is added from here on. */
function guardRoutes(
  instance: FastifyInstance,
  routes: RouteTable,
  {
    gate,
    settings,
    admission,
    ...counts
  }: Pick<Limits, 'rates' | 'use'> & {
    readonly gate: Gate;
    readonly settings: HttpAppOptions['settings'];
    readonly admission: WriteAdmission | undefined;
  },
): void {
  const limits: Limits = {
    ...counts,
    perMinute: { ingest: settings.OPENSYNC_INGEST_RATE_LIMIT, read: settings.OPENSYNC_READ_RATE_LIMIT },
    perDay: dailyLimitsOf(settings),
  };
  instance.addHook('onRoute', (route) => {
    routes.add(route);
    const access = route.config?.access ?? DEFAULT_ACCESS;
    if (access === 'public') return;
    const metered = meteredOf(access[0], ![route.method].flat().includes('GET'));
    const limit = limitHook(access[0] === 'ingest' ? 'ingest' : 'read', metered, limits);
    const kind = writeClassOf(route);
    if (!admission || !kind) {
      route.onRequest = [requireAccess(gate, access), limit, route.onRequest ?? []].flat();
      return;
    }
    const { admit, bodyBegins, bodyEnded } = admission.of(kind, route.url);
    route.onRequest = [requireAccess(gate, access, admit), limit, bodyBegins, route.onRequest ?? []].flat();
    route.preValidation = [bodyEnded, route.preValidation ?? []].flat();
  });
}

/** Only those who write send much. */
function limitReads(instance: FastifyInstance, bodyLimit: number): void {
  instance.addHook('onRoute', (route) => {
    const access = route.config?.access ?? DEFAULT_ACCESS;
    if (access === 'public' || access[0] !== 'ingest') route.bodyLimit = Math.min(bodyLimit, READ_BODY_LIMIT);
  });
}

/** JSON is the only language here, so a body without a content type is taken for it. Some commands need no body. */
function acceptJson(instance: FastifyInstance, budget: BodyBudget): void {
  budget.addTo(instance);
  instance.addHook('onRequest', (request, _reply, done) => {
    const { 'content-length': length = '0', 'transfer-encoding': coding } = request.headers;
    const hasBody = length !== '0' || coding !== undefined;
    if (hasBody && BODY_METHODS.has(request.method)) request.headers['content-type'] ??= 'application/json';
    done();
  });
  instance.removeAllContentTypeParsers();
  instance.addContentTypeParser('application/json', { parseAs: 'buffer' }, jsonBodyParser(budget));
  instance.addContentTypeParser('*', (_request, _body, done) =>
    done(new AppError('UNSUPPORTED_MEDIA_TYPE', 'Send JSON, with `Content-Type: application/json`')),
  );
}
