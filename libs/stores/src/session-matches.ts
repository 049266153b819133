import { sessionView, type SessionState } from '@opensync/contracts';
import { listConditionsOf, type FilterCondition, type ListField, type ListFilter } from './filters.ts';
import { labelsIn } from './labels.ts';
import { sessionLabels } from './session-labels.ts';

type Fields = Readonly<Partial<Record<ListField, readonly string[] | number>>>;

/** Whether a session meets a filter, as the stores' lists decide it: for changes that no store is asked about. Pure. */
export function sessionMatches(session: SessionState, filter: ListFilter): boolean {
  const conditions = listConditionsOf(filter);
  if (conditions.length === 0) return true;
  const fields = fieldsOf(session);
  return conditions.every((condition) => isMet(condition, fields));
}

function fieldsOf(session: SessionState): Fields {
  const view = sessionView(session);
  const text = (value: string | null) => (value === null ? [] : [value]);
  return {
    source: [view.source],
    model: text(view.model),
    projectName: text(view.projectName),
    projectPath: text(view.projectPath),
    userId: [view.userId],
    labels: labelsIn(sessionLabels(session)),
    createdAt: view.createdAt,
    totalTokens: view.totalTokens,
  };
}

function isMet(condition: FilterCondition<ListField>, fields: Fields): boolean {
  if ('range' in condition) {
    const value = fields[condition.field];
    if (typeof value !== 'number') return false;
    return 'gte' in condition.range ? value >= condition.range.gte : value < condition.range.lt;
  }
  if ('not' in condition) return !isMet(condition.not, fields);
  return condition.fields.some((name) => {
    const values = fields[name];
    return Array.isArray(values) && condition.values.some((value) => values.includes(value));
  });
}
