import { conditionsOf, type FilterCondition, type FilterField, type SessionFilter } from '../filters.ts';

const COLUMNS: { readonly [Field in FilterField]: string } = {
  source: 'source',
  model: 'model',
  projectName: 'project_name',
  projectPath: 'project_path',
  createdAt: 'created_at',
};

/** A filter as a condition on the columns of sessions and rows; true if nothing is filtered. */
export function filterCondition(filter: SessionFilter): {
  readonly sql: string;
  readonly values: readonly (string | number)[];
} {
  const conditions = conditionsOf(filter).map(sqlOf);
  return {
    sql: conditions.map(({ sql }) => sql).join(' AND ') || 'TRUE',
    values: conditions.flatMap(({ values }) => values),
  };
}

function sqlOf(condition: FilterCondition): { readonly sql: string; readonly values: readonly (string | number)[] } {
  if ('range' in condition) {
    const column = COLUMNS[condition.field];
    return 'gte' in condition.range
      ? { sql: `${column} >= ?`, values: [condition.range.gte] }
      : { sql: `${column} < ?`, values: [condition.range.lt] };
  }
  const { fields, values } = condition;
  const among = values.length === 1 ? '= ?' : `IN (${values.map(() => '?').join(', ')})`;
  const sql = fields.map((field) => `${COLUMNS[field]} ${among}`).join(' OR ');
  return { sql: fields.length > 1 ? `(${sql})` : sql, values: fields.flatMap(() => values) };
}

/** Whether any filter is set: a join that only filters can be left out if none is. */
export function isFiltering(filter: SessionFilter): boolean {
  return conditionsOf(filter).length > 0;
}
