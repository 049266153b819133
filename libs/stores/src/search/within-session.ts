import type { FoundSession, SearchEngine } from './engine.ts';
import { withAll } from './matching.ts';
import type { WithinQuery } from './port.ts';

/**
 * The rows of a session's messages that have every term and none of the negated ones. Unlike a search of sessions, one
 * within a session leaves out only the messages that have a negated word.
 * @param engine by message, for that session
 */
export async function rowsWithin<Row>(
  engine: SearchEngine<Row, Row>,
  { parsed, limit }: Pick<WithinQuery, 'parsed' | 'limit'>,
): Promise<FoundSession<Row, Row>[]> {
  if (parsed.all.length === 0) return [];
  const found = await withAll(engine, parsed, limit, 'message');
  if (found.length === 0 || parsed.none.length === 0) return found;
  const negated = await engine.having(parsed.none, new Set(found.map(({ session }) => session)));
  return found.filter(({ session }) => !negated.some((rows) => rows.has(session)));
}
