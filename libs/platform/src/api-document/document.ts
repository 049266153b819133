import { z } from 'zod';
import { ACTIONS, type Action } from '@opensync/contracts';
import type { ApiAnswer, ApiRoute, JsonSchema } from './route.ts';
import { errorSchema } from './schemas.ts';

/** Where zod puts named schemas, and where OpenAPI has them. */
const DEFINITIONS = '#/$defs/';
const COMPONENTS = '#/components/schemas/';

const HEADERS = {
  requestId: {
    description: 'The id of the request, for support: the one that the client sent, or a new one',
    schema: { type: 'string' },
  },
  sequence: {
    description: 'The position of the write, to send as `Osk-Wait-Sequence` or to ask for its receipt',
    schema: { type: 'string' },
  },
} as const;

const WAIT = {
  name: 'Osk-Wait-Sequence',
  in: 'header',
  description: 'The `Osk-Sequence` of a write: the answer waits, for up to 2 s, until that write is visible',
  schema: { type: 'string' },
} as const;

const KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  description: 'A new value for each request: a repetition with the same value is stored once',
  schema: { type: 'string', pattern: String.raw`^[\x21-\x7e]{1,255}$` },
} as const;

/** The OpenAPI 3.1 document of these routes. Pure. */
export function openApiDocument(routes: readonly ApiRoute[], version: string): JsonSchema {
  const schemas: Record<string, unknown> = {};
  const refer = (schema: z.ZodType) => referenced(schema, schemas);
  refer(errorSchema);
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}');
    (paths[path] ??= {})[route.method.toLowerCase()] = operation(route, refer);
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'OpenSync',
      version,
      description:
        'Stores the AI coding sessions of a team and finds them again. Times are milliseconds since the epoch, cost is US dollars.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1))),
      securitySchemes: {
        apiKey: { type: 'http', scheme: 'bearer', bearerFormat: 'osk_…', description: 'An API key of OpenSync' },
      },
      headers: HEADERS,
      parameters: { WaitSequence: WAIT, IdempotencyKey: KEY },
      responses: {
        Error: {
          description:
            'An error. `Retry-After` says after how many seconds to repeat the request, if that makes sense.',
          headers: {
            'X-Request-Id': { $ref: '#/components/headers/requestId' },
            'Retry-After': { schema: { type: 'integer' } },
          },
          content: { 'application/json': { schema: { $ref: `${COMPONENTS}Error` } } },
        },
      },
    },
  };
}

function operation(route: ApiRoute, refer: (schema: z.ZodType) => JsonSchema): JsonSchema {
  const { tag, summary, description, access, parameters = [], body, answers } = route;
  const headers = [
    ...(route.waits ? [{ $ref: '#/components/parameters/WaitSequence' }] : []),
    ...(route.writes ? [{ $ref: '#/components/parameters/IdempotencyKey' }] : []),
  ];
  const all = [...parameters, ...headers];
  const about = [description, access === 'public' ? undefined : needs(access)].filter((text) => text !== undefined);
  return {
    operationId: operationId(route),
    tags: [tag],
    summary,
    ...(about.length > 0 && { description: about.join('\n\n') }),
    security: access === 'public' ? [] : [{ apiKey: [] }],
    ...(all.length > 0 && { parameters: all }),
    ...(body && { requestBody: { required: true, content: { 'application/json': { schema: body } } } }),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([status, answer]) => [status, response(answer, route, refer)]),
      ),
      default: { $ref: '#/components/responses/Error' },
    },
  };
}

function response(answer: ApiAnswer, route: ApiRoute, refer: (schema: z.ZodType) => JsonSchema): JsonSchema {
  const { description, schema, mediaType = 'application/json', alsoAs = [] } = answer;
  const hasContent = schema !== undefined || answer.mediaType !== undefined;
  return {
    description,
    headers: {
      'X-Request-Id': { $ref: '#/components/headers/requestId' },
      ...(route.writes && { 'Osk-Sequence': { $ref: '#/components/headers/sequence' } }),
    },
    ...(hasContent && {
      content: {
        [mediaType]: schema ? { schema: refer(schema) } : {},
        ...Object.fromEntries(alsoAs.map((other) => [other, {}])),
      },
    }),
  };
}

/** Which keys may call a route with these actions. */
function needs(actions: readonly Action[]): string {
  const scopes = [...new Set(actions.map((action) => ACTIONS[action].scope))];
  const roles = [...new Set(actions.flatMap((action) => [...ACTIONS[action].roles]))];
  return `Needs a key with the scope ${scopes.map(code).join(' or ')} of a user with the role ${roles.map(code).join(', ')}.`;
}

const code = (name: string) => `\`${name}\``;

/** Such as `getApiSessionsById`. */
function operationId({ method, path }: ApiRoute): string {
  const words = path
    .split(/[/.]/)
    .filter(Boolean)
    .map((word) => (word.startsWith(':') ? `by-${word.slice(1)}` : word));
  return [method.toLowerCase(), ...words]
    .join('-')
    .replaceAll(/-(\w)/g, (_all, letter: string) => letter.toUpperCase());
}

/** The schema, or a reference to it if it has a name; what has a name is added to `components`. */
function referenced(schema: z.ZodType, components: Record<string, unknown>): JsonSchema {
  const { $defs = {}, properties } = z.toJSONSchema(z.object({ it: schema }), {
    unrepresentable: 'any',
  }) as unknown as { $defs?: Record<string, unknown>; properties: { it: JsonSchema } };
  for (const [id, definition] of Object.entries($defs)) components[id] ??= withoutIds(definition);
  return withoutIds(properties.it) as JsonSchema;
}

function withoutIds(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutIds);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== 'id' || typeof (value as { id: unknown }).id !== 'string')
      .map(([name, inner]) => [
        name,
        name === '$ref' && typeof inner === 'string' ? inner.replace(DEFINITIONS, COMPONENTS) : withoutIds(inner),
      ]),
  );
}
