import { unicodeForms } from './unicode-forms.ts';

/**
 * Filters of sessions, in lists and searches; all set ones must match. Times are milliseconds since the epoch, `to`
 * exclusive.
 */
export interface SessionFilter {
  readonly source?: string;
  readonly model?: string;
  /** Matches the project's name or its whole path. */
  readonly project?: string;
  readonly from?: number;
  readonly to?: number;
}

/** The fields that every store keeps of a session for filters. Each engine has its own names for them. */
export type FilterField = 'source' | 'model' | 'projectName' | 'projectPath' | 'createdAt';

export interface OneOf {
  /** One of the fields has one of the values. Never empty. */
  readonly fields: readonly FilterField[];
  readonly values: readonly string[];
}

export interface InRange {
  readonly field: FilterField;
  readonly range: { readonly gte: number } | { readonly lt: number };
}

/** The condition of a filter, for engines to translate. */
export type FilterCondition = OneOf | InRange;

/** Every filter, each in one row. */
const FILTERS: {
  readonly [Name in keyof SessionFilter]-?: (value: NonNullable<SessionFilter[Name]>) => FilterCondition;
} = {
  source: (source) => ({ fields: ['source'], values: [source] }),
  model: (model) => ({ fields: ['model'], values: [model] }),
  project: (project) => ({ fields: ['projectName', 'projectPath'], values: unicodeForms(project) }),
  from: (from) => ({ field: 'createdAt', range: { gte: from } }),
  to: (to) => ({ field: 'createdAt', range: { lt: to } }),
};

/** The conditions that a session must meet, all of them. Pure. */
export function conditionsOf(filter: SessionFilter): readonly FilterCondition[] {
  return (Object.keys(FILTERS) as (keyof SessionFilter)[]).flatMap((name) => {
    const condition = FILTERS[name] as (value: unknown) => FilterCondition;
    return filter[name] === undefined ? [] : [condition(filter[name])];
  });
}
