import type { RouteOptions } from 'fastify';
import { AppError } from '../errors.ts';

/** Characters, decoded. Plugins' ids are part of paths and have up to 512; Fastify's default is 100. */
export const LONGEST_PATH_PARAMETER = 512;

/** Characters of a path in a message: it comes from the caller, and may have thousands. */
const SHOWN_CHARACTERS = 200;

/** The existing routes, to distinguish a wrong path from a wrong method. */
export class RouteTable {
  readonly #methods = new Map<string, Set<string>>();

  add({ method, url }: Pick<RouteOptions, 'method' | 'url'>): void {
    const methods = this.#methods.get(url) ?? new Set();
    for (const name of [method].flat()) methods.add(name);
    this.#methods.set(url, methods);
  }

  /** The methods of this URL's path, including OPTIONS; empty if there is no such path. */
  methodsOf(url: string): readonly string[] {
    const path = segmentsOf(pathOf(url));
    const found = [...this.#methods]
      .filter(([pattern]) => pattern !== '*' && matches(segmentsOf(pattern), path))
      .flatMap(([, methods]) => [...methods]);
    return found.length === 0 ? [] : [...new Set([...found, 'OPTIONS'])];
  }

  /** The error for a request without a route. The query, which may hold a secret, is not quoted. */
  noRoute(method: string, url: string): AppError {
    const allowed = this.methodsOf(url);
    const asked = method.slice(0, SHOWN_CHARACTERS);
    if (allowed.length === 0) {
      return new AppError('NOT_FOUND', `There is nothing at ${asked} ${pathOf(url).slice(0, SHOWN_CHARACTERS)}`);
    }
    const allow = allowed.join(', ');
    return new AppError('METHOD_NOT_ALLOWED', `This path supports ${allow}, not ${asked}`, { headers: { allow } });
  }
}

/** The path and query of an absolute URL; other values stay unchanged. */
export function withoutOrigin(url: string): string {
  return url.replace(/^https?:\/\/[^/?#]*\/?/i, '/');
}

/** Without query and fragment, and without an origin. */
function pathOf(url: string): string {
  return withoutOrigin(url).split(/[?#]/, 1)[0]!;
}

/** As the router reads them: repeated slashes count as one, and a trailing one is ignored. */
function segmentsOf(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '');
}

/** Whether `path` has the segments of `pattern`; `:name` matches any one, a `*` at the end any number. */
function matches(pattern: readonly string[], path: readonly string[]): boolean {
  const open = pattern.at(-1) === '*';
  const fixed = open ? pattern.slice(0, -1) : pattern;
  if (open ? path.length < fixed.length : path.length !== fixed.length) return false;
  return fixed.every((segment, index) => segment.startsWith(':') || segment === path[index]);
}
