import type { Reader } from '@opensync/contracts';
import { FACETS, type FacetName, type FilterField } from '../../filters.ts';
import { labelsIn } from '../../labels.ts';
import { assertInTime } from '../../sqlite/in-time.ts';
import type { Connection } from '../../sqlite/serve.ts';
import type { FacetOptions } from '../engine.ts';
import { mostFrequent, shownValue } from '../facets.ts';
import type { FacetCount, SearchLevel } from '../port.ts';
import { partitionsOf } from './partitions.ts';
import { ROW_BITS } from './reads.ts';

/** Rows between two looks at the clock. */
const ROWS_PER_LOOK = 1_000;

export interface Found {
  readonly reader: Reader;
  /** Sessions, or rows of a search by message. */
  readonly found: readonly number[];
  readonly level?: SearchLevel | undefined;
}

/** Those of other members among the found ones, by session id. */
export function ofOthers(connection: Connection, { reader, found, level }: Found): { id: string; found: number }[] {
  const own = partitionsOf(connection, reader)[0]?.reader ?? 0;
  const session = level === 'message' ? `value >> ${ROW_BITS}` : 'value';
  return connection
    .statement(
      `SELECT sessions.id AS id, value AS found FROM json_each(?) JOIN sessions ON session = ${session} WHERE owner <> ?`,
    )
    .all(JSON.stringify(found), own) as unknown as { id: string; found: number }[];
}

type Row = Readonly<
  Record<'source' | 'model' | 'projectName' | 'projectPath' | 'userId' | 'labels' | 'ownLabels', string>
>;

export interface Counting extends Found, Pick<FacetOptions, 'limit' | 'selected'> {
  readonly names: readonly FacetName[];
}

/** The values of all found ones in one pass: of a session, its first row says them. */
export function facets(
  connection: Connection,
  { reader, found, level, names, limit, selected }: Counting,
): [FacetName, readonly FacetCount[]][] {
  const partitions = partitionsOf(connection, reader).map(({ number }) => number);
  const first = `(SELECT row FROM documents WHERE row >= value << ${ROW_BITS} ORDER BY row LIMIT 1)`;
  const rows = connection
    .statement(
      `SELECT source, model, project_name AS projectName, project_path AS projectPath, labels, own_labels AS ownLabels,
         user_id AS userId
       FROM json_each(?) CROSS JOIN documents ON documents.row = ${level === 'message' ? 'value' : first}
         ${level === 'message' ? '' : `AND documents.row >> ${ROW_BITS} = value`}
         JOIN owners ON owners.owner = documents.owner
       WHERE coalesce(shared, documents.owner) IN (SELECT value FROM json_each(?))`,
    )
    .iterate(JSON.stringify(found), JSON.stringify(partitions));
  const counts = new Map(names.map((name) => [name, new Map<string, number>()]));
  const ofSelected = new Map<FacetName, number>();
  const labels = rememberedLabels();
  const valuesIn = (row: Row, field: FilterField): readonly string[] =>
    field === 'labels' || field === 'ownLabels' ? labels(row[field]) : [row[field as keyof Row]];
  let looked = 0;
  for (const found of rows) {
    if (looked++ % ROWS_PER_LOOK === 0) assertInTime(connection);
    const row = found as Row;
    for (const [name, ofName] of counts) {
      for (const stored of valuesIn(row, FACETS[name].field)) {
        const value = shownValue(name, stored);
        if (value !== undefined) ofName.set(value, (ofName.get(value) ?? 0) + 1);
      }
      const choice = selected.get(name);
      if (!choice) continue;
      const { fields, values } = choice.condition;
      if (fields.some((field) => valuesIn(row, field).some((value) => values.includes(value))))
        ofSelected.set(name, (ofSelected.get(name) ?? 0) + 1);
    }
  }
  return [...counts].map(([name, ofName]) => {
    const choice = selected.get(name);
    const values = [...ofName].map(([value, count]) => ({ value, count }));
    return [name, mostFrequent(values, limit, choice && { value: choice.value, count: ofSelected.get(name) ?? 0 })];
  });
}

/** Many rows have the same labels. */
function rememberedLabels(): (text: string) => readonly string[] {
  const known = new Map<string, readonly string[]>();
  return (text) => {
    const labels = known.get(text) ?? labelsIn(text);
    known.set(text, labels);
    return labels;
  };
}
