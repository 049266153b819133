import type { BlockList } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AppError } from '../errors.ts';
import { DEFAULT_ACCESS } from './access.ts';
import { AddressBuckets } from './address-buckets.ts';
import { clientAddress } from './client-address.ts';
import type { SlowRefusals } from './slow-refusals.ts';

/**
 * Counts, by client address, the requests that nobody authenticated: those without a key, without a route, and those of public routes.
 * Requests with a valid key are never counted, so a client that sends too many does not affect others behind the same address.
 */
export class KeylessLimit {
  readonly #buckets: AddressBuckets | undefined;
  readonly #proxies: BlockList;
  readonly #refusals: SlowRefusals;

  /** @param perMinute requests of an address, also at once; 0 means no limit */
  constructor(
    perMinute: number,
    { proxies, refusals, now }: { proxies: BlockList; refusals: SlowRefusals; now: () => number },
  ) {
    this.#refusals = refusals;
    this.#buckets = perMinute === 0 ? undefined : new AddressBuckets(perMinute, now);
    this.#proxies = proxies;
  }

  /** Counts the requests of the public routes that are added from here on, unless they say `unlimited`. */
  addTo(instance: FastifyInstance): void {
    if (!this.#buckets) return;
    instance.addHook('onRoute', (route) => {
      if ((route.config?.access ?? DEFAULT_ACCESS) !== 'public' || route.config?.unlimited) return;
      route.onRequest = [(request: FastifyRequest) => this.count(request), route.onRequest ?? []].flat();
    });
  }

  /** @throws AppError RATE_LIMITED if the address has sent too many */
  async count(request: Pick<FastifyRequest, 'socket' | 'headers'>): Promise<void> {
    const retryAfter = this.#buckets?.take(clientAddress(request, this.#proxies));
    if (retryAfter === undefined) return;
    await this.#refusals.wait();
    throw new AppError('RATE_LIMITED', 'Too many requests without an API key from this address', { retryAfter });
  }
}
