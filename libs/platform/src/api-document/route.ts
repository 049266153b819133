import type { Action } from '@opensync/contracts';
import type { z } from 'zod';

/** A JSON Schema of draft 2020-12, which OpenAPI 3.1 uses. */
export type JsonSchema = Readonly<Record<string, unknown>>;

export interface ApiParameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly description: string;
  readonly schema: JsonSchema;
}

export interface ApiAnswer {
  readonly description: string;
  /** What a JSON answer holds. Every member is named, so that a test notices one that is missing here. */
  readonly schema?: z.ZodType;
  /** The media type of any other answer. */
  readonly mediaType?: string;
  /** Other media types of the same, for clients that ask for them. */
  readonly alsoAs?: readonly string[];
}

/** What the API document says about a route. */
export interface ApiRoute {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** As the router has it, e.g. `/api/sessions/:id`. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  /** The actions, one of which the caller must be allowed; `public` needs no key. */
  readonly access: 'public' | readonly [Action, ...Action[]];
  readonly parameters?: readonly ApiParameter[];
  /** The schema of a JSON body. */
  readonly body?: JsonSchema;
  /** Accepts `Osk-Wait-Sequence`. */
  readonly waits?: boolean;
  /** Answers with `Osk-Sequence`. */
  readonly writes?: true;
  /** By status. Errors are the same for all routes. */
  readonly answers: Readonly<Record<number, ApiAnswer>>;
}

/** The route that answers a request; undefined if none is documented. A fixed segment wins over a parameter, as in the router. */
export function routeOf(routes: readonly ApiRoute[], method: string, url: string): ApiRoute | undefined {
  const path = url.split(/[?#]/, 1)[0]!.split('/');
  const fits = ({ path: pattern }: ApiRoute) => {
    const segments = pattern.split('/');
    return segments.length === path.length && segments.every((name, at) => name.startsWith(':') || name === path[at]);
  };
  const found = routes.filter((route) => route.method === method && fits(route));
  return found.find(({ path: pattern }) => pattern === path.join('/')) ?? found[0];
}
