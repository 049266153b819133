import { routeOf, type ApiRoute } from './route.ts';
import { errorSchema } from './schemas.ts';

export interface SeenAnswer {
  readonly method: string;
  readonly url: string;
  readonly status: number;
  readonly contentType: string | undefined;
  /** The parsed body of a JSON answer. */
  readonly body: unknown;
}

/**
 * For tests: that an answer is what the document says.
 * @throws Error that names the route and what differs
 */
export function assertDocumented(
  routes: readonly ApiRoute[],
  { method, url, status, contentType, body }: SeenAnswer,
): void {
  const route = routeOf(routes, method, url);
  const isJson = contentType?.startsWith('application/json') ?? false;
  const answer = route?.answers[status];
  const schema = answer ? answer.schema : status >= 400 ? errorSchema : undefined;
  const where = `${status} of ${method} ${route?.path ?? url.split('?')[0]!}`;
  if (!answer && status < 400 && status !== 304) throw new Error(`the API document does not have the answer ${where}`);
  if (!schema || !isJson) return;
  const parsed = schema.safeParse(body);
  if (parsed.success) return;
  const problems = parsed.error.issues.slice(0, 5).map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new Error(`the answer ${where} is not what the API document says: ${problems.join('; ')}`);
}
