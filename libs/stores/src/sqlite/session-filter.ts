import { unicodeForms } from '../unicode-forms.ts';
import type { SessionFilter } from '../documents/port.ts';

/** Conditions over the columns `source`, `model`, `project_name`, `project_path`, `created_at`; true where none is set. */
export function filterCondition({ source, model, project, from, to }: SessionFilter): {
  readonly sql: string;
  readonly values: readonly (string | number)[];
} {
  const conditions: [sql: string, ...values: (string | number)[]][] = [];
  if (source !== undefined) conditions.push(['source = ?', source]);
  if (model !== undefined) conditions.push(['model = ?', model]);
  if (project !== undefined) {
    const forms = unicodeForms(project);
    const among = `IN (${forms.map(() => '?').join(', ')})`;
    conditions.push([`(project_name ${among} OR project_path ${among})`, ...forms, ...forms]);
  }
  if (from !== undefined) conditions.push(['created_at >= ?', from]);
  if (to !== undefined) conditions.push(['created_at < ?', to]);
  return {
    sql: conditions.map(([sql]) => sql).join(' AND ') || 'TRUE',
    values: conditions.flatMap(([, ...values]) => values),
  };
}

/** Whether any filter is set: a join that only filters can be left out where not. */
export function isFiltering(filter: SessionFilter): boolean {
  return Object.values(filter).some((value) => value !== undefined);
}
