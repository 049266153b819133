import type { FastifyInstance } from 'fastify';
import { AppError } from '../errors.ts';
import type { Health } from '../health.ts';
import { isDirectLocal } from './client-address.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** The process is about to close its port: `/readyz` is down, everything else is still answered. */
    isStopping: boolean;
  }
}

/** Probes come often, from one address. */
const PUBLIC = { config: { access: 'public', unlimited: true } } as const;

/**
 * `/health` for clients (the process answers), `/livez` (200, or 503: restart me) and `/readyz` (200, or 503 while a
 * part is down: send no traffic; the body names the part, and for programs on this machine the reason if known).
 */
export function addHealthRoutes(instance: FastifyInstance, health: Health): void {
  const ready = sharing(() => health.ready());
  const live = sharing(() => health.live());
  instance.decorate('isStopping', false);
  instance.get('/health', PUBLIC, () => ({ status: 'ok' }));
  instance.get('/livez', PUBLIC, async () => {
    if (!(await live())) throw new AppError('UNAVAILABLE', 'The process does not make progress');
    return { status: 'ok' };
  });
  instance.get('/readyz', PUBLIC, async (request, reply) => {
    if (instance.isStopping) return reply.code(503).header('retry-after', '1').send({ status: 'stopping', parts: {} });
    const parts = await ready();
    const states = Object.values(parts);
    // They name servers, and positions of the log. `doctor` shows them to operators elsewhere.
    const known = Object.entries((isDirectLocal(request) && health.details?.()) || {}).filter(
      ([, detail]) => detail !== undefined,
    );
    const body = { parts, ...(known.length > 0 && { details: Object.fromEntries(known) }) };
    if (states.includes('down'))
      return reply
        .code(503)
        .header('retry-after', '1')
        .send({ status: 'down', ...body });
    return { status: states.includes('degraded') ? 'degraded' : 'ok', ...body };
  });
}

/** Callers at the same moment share one call: anybody may ask, and each call asks the log and the stores. */
function sharing<Result>(call: () => Promise<Result>): () => Promise<Result> {
  let underWay: Promise<Result> | undefined;
  return () => (underWay ??= call().finally(() => (underWay = undefined)));
}
