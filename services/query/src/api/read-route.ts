import type { ApiParameter, ApiRoute } from '@opensync/platform/api-document';
import { documentationOf, parameterIn } from '../parameters.ts';
import { READ_ROUTES } from '../read-routes.ts';

/** A route of {@link READ_ROUTES}. */
export function read(route: string, summary: string): Omit<ApiRoute, 'tag' | 'answers'> {
  const [method, path] = route.split(' ') as [ApiRoute['method'], string];
  const parameters = Object.entries(READ_ROUTES[route]!).flatMap(([name, schema]): ApiParameter[] => {
    if (!documentationOf(schema)) return [];
    return [name.startsWith(':') ? parameterIn('path', name.slice(1), schema) : parameterIn('query', name, schema)];
  });
  return { method, path, summary, access: ['read'], parameters, waits: true };
}
