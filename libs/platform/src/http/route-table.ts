import type { RouteOptions } from 'fastify';
import { AppError } from '../errors.ts';

/** The routes that exist, to tell a wrong path from a wrong method. */
export class RouteTable {
  readonly #methods = new Map<string, Set<string>>();

  add({ method, url }: Pick<RouteOptions, 'method' | 'url'>): void {
    const methods = this.#methods.get(url) ?? new Set();
    for (const name of [method].flat()) methods.add(name);
    this.#methods.set(url, methods);
  }

  /** NOT_FOUND that names the methods the path has, if any. The query, which may hold a secret, is not quoted. */
  notFound(method: string, url: string): AppError {
    const path = url.split('?', 1)[0]!;
    const allowed = [...this.#methods]
      .filter(([pattern]) => pattern !== '*' && matches(pattern, path))
      .flatMap(([, methods]) => [...methods]);
    if (allowed.length > 0) return new AppError('NOT_FOUND', `This path takes ${allowed.join(', ')}, not ${method}`);
    return new AppError('NOT_FOUND', `There is nothing at ${method} ${path.slice(0, 200)}`);
  }
}

/** Whether `path` has as many segments as `pattern`, and the same ones except for its `:parameters`. */
function matches(pattern: string, path: string): boolean {
  const expected = pattern.split('/');
  const actual = path.split('/');
  if (expected.length !== actual.length) return false;
  return expected.every((segment, index) =>
    segment.startsWith(':') ? actual[index] !== '' : segment === actual[index],
  );
}
