import {
  conditionsOf,
  listConditionsOf,
  type FilterCondition,
  type ListField,
  type ListFilter,
  type SessionFilter,
} from '../filters.ts';

const COLUMNS: { readonly [Field in Exclude<ListField, 'userId'>]: string } = {
  source: 'source',
  model: 'model',
  projectName: 'project_name',
  projectPath: 'project_path',
  createdAt: 'created_at',
  labels: 'labels',
  ownLabels: 'own_labels',
  totalTokens: 'total_tokens',
};

interface Condition {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

/** A filter as a condition on the columns of rows; true if nothing is filtered. */
export function filterCondition(filter: SessionFilter): Condition {
  return allOf(conditionsOf(filter));
}

/** A filter of a list as a condition on the columns of sessions; true if nothing is filtered. */
export function listCondition(filter: ListFilter): Condition {
  return allOf(listConditionsOf(filter));
}

function allOf(all: readonly FilterCondition<ListField>[]): Condition {
  const conditions = all.map(sqlOf);
  return {
    sql: conditions.map(({ sql }) => sql).join(' AND ') || 'TRUE',
    values: conditions.flatMap(({ values }) => values),
  };
}

function sqlOf(condition: FilterCondition<ListField>): Condition {
  if ('range' in condition) {
    const { field, range } = condition;
    const column = COLUMNS[field as keyof typeof COLUMNS];
    return 'gte' in range
      ? { sql: `${column} >= ?`, values: [range.gte] }
      : { sql: `${column} < ?`, values: [range.lt] };
  }
  if ('not' in condition) {
    const { sql, values } = sqlOf(condition.not);
    return { sql: `NOT ${sql}`, values };
  }
  const { fields, values } = condition;
  const either = fields.map((field) => hasOne(field, values));
  const sql = either.map((one) => one.sql).join(' OR ');
  return { sql: either.length > 1 ? `(${sql})` : sql, values: either.flatMap((one) => one.values) };
}

function hasOne(field: ListField, values: readonly string[]): Condition {
  const places = values.map(() => '?').join(', ');
  if (field === 'userId') {
    return { sql: `owner IN (SELECT owner FROM owners WHERE user_id IN (${places}))`, values };
  }
  if (field === 'labels' || field === 'ownLabels') {
    // A value with its quotes: in JSON, no other value contains it.
    const sql = values.map(() => `instr(${COLUMNS[field]}, ?) > 0`).join(' OR ');
    return { sql: `(${sql})`, values: values.map((value) => JSON.stringify(value)) };
  }
  return { sql: values.length === 1 ? `${COLUMNS[field]} = ?` : `${COLUMNS[field]} IN (${places})`, values };
}

/** Whether any filter is set: a join that only filters can be left out if none is. */
export function isFiltering(filter: SessionFilter): boolean {
  return conditionsOf(filter).length > 0;
}
