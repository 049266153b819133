import { label, WITH_ERRORS, type LabelName } from './labels.ts';
import { unicodeForms } from './unicode-forms.ts';

/**
 * Filters of sessions, in lists and searches; all set ones must match. Times are milliseconds since the epoch, `to`
 * exclusive.
 */
export interface SessionFilter {
  readonly source?: string;
  readonly model?: string;
  readonly provider?: string;
  /** Matches the project's name or its whole path. */
  readonly project?: string;
  readonly from?: number;
  readonly to?: number;
  /** Only sessions of this member of the workspace. */
  readonly user?: string;
  readonly tag?: string;
  readonly evalStatus?: string;
  /** Whether a tool call of the session failed. */
  readonly hasErrors?: boolean;
  /** The id of the session whose agent started it, or that it is a fork of. */
  readonly parent?: string;
  /** Of searches: only messages with this role are searched. */
  readonly role?: string;
  /** Of searches: only messages with a call or a result of this tool are searched. */
  readonly tool?: string;
  /** Of searches: whether the message itself has a call or a result that failed. */
  readonly failed?: boolean;
}

/** Filters of lists. Amounts change with every message, so only the documents have them. */
export interface ListFilter extends Omit<SessionFilter, 'role' | 'tool' | 'failed'> {
  readonly minTokens?: number;
  /** Any of them. */
  readonly tags?: readonly string[];
}

/**
 * The fields that every store keeps for filters: of a session, its owner, and as `ownLabels` of each message. Each
 * engine has its own names for them.
 */
export type FilterField =
  'source' | 'model' | 'projectName' | 'projectPath' | 'createdAt' | 'userId' | 'labels' | 'ownLabels';

/** What the documents have besides. */
export type ListField = FilterField | 'totalTokens';

export interface OneOf {
  /** One of the fields has one of the values; labels among others. Never empty. */
  readonly fields: readonly FilterField[];
  readonly values: readonly string[];
}

export interface InRange<Field = FilterField> {
  readonly field: Field;
  readonly range: { readonly gte: number } | { readonly lt: number };
}

export interface Not {
  readonly not: OneOf;
}

/** The condition of a filter, for engines to translate. */
export type FilterCondition<Field = FilterField> = OneOf | InRange<Field> | Not;

export type FacetName = Exclude<keyof SessionFilter, 'from' | 'to' | 'hasErrors' | 'failed' | 'parent'>;

export interface FacetField {
  readonly field: Exclude<FilterField, 'projectPath' | 'createdAt'>;
  /** Of labels, those with this name. */
  readonly label?: LabelName;
}

/** What each facet counts: the values of a field, or labels. */
export const FACETS: Readonly<Record<FacetName, FacetField>> = {
  source: { field: 'source' },
  model: { field: 'model' },
  provider: { field: 'labels', label: 'provider' },
  project: { field: 'projectName' },
  tag: { field: 'labels', label: 'tag' },
  user: { field: 'userId' },
  evalStatus: { field: 'labels', label: 'eval' },
  role: { field: 'ownLabels', label: 'role' },
  tool: { field: 'ownLabels', label: 'tool' },
};

/** Facets that a session does not have: those of its messages. */
export const MESSAGE_FACETS: readonly FacetName[] = ['role', 'tool'];

/** Filters that look at each message instead of its session. */
const OF_MESSAGES: readonly (keyof SessionFilter)[] = ['role', 'tool', 'failed'];

/** Every filter, each in one row. */
const FILTERS: {
  readonly [Name in keyof SessionFilter]-?: (value: NonNullable<SessionFilter[Name]>) => FilterCondition;
} = {
  source: (source) => ({ fields: ['source'], values: [source] }),
  model: (model) => ({ fields: ['model'], values: [model] }),
  project: (project) => ({ fields: ['projectName', 'projectPath'], values: unicodeForms(project) }),
  from: (from) => ({ field: 'createdAt', range: { gte: from } }),
  to: (to) => ({ field: 'createdAt', range: { lt: to } }),
  user: (userId) => ({ fields: ['userId'], values: [userId] }),
  provider: (provider) => ({ fields: ['labels'], values: [label('provider', provider)] }),
  tag: (tag) => ({ fields: ['labels'], values: tagLabels(tag) }),
  evalStatus: (status) => ({ fields: ['labels'], values: [label('eval', status)] }),
  parent: (id) => ({ fields: ['labels'], values: [label('parent', id)] }),
  hasErrors: (has) => labelled('labels', has),
  failed: (has) => labelled('ownLabels', has),
  role: (role) => ({ fields: ['ownLabels'], values: [label('role', role)] }),
  tool: (tool) => ({ fields: ['ownLabels'], values: [label('tool', tool)] }),
};

function tagLabels(tag: string): string[] {
  return unicodeForms(tag).map((form) => label('tag', form));
}

function labelled(field: 'labels' | 'ownLabels', hasErrors: boolean): FilterCondition {
  const condition: OneOf = { fields: [field], values: [WITH_ERRORS] };
  return hasErrors ? condition : { not: condition };
}

/** The conditions that a session must meet, all of them. Pure. */
export function conditionsOf(filter: SessionFilter): readonly FilterCondition[] {
  return (Object.keys(FILTERS) as (keyof SessionFilter)[]).flatMap((name) => {
    const condition = FILTERS[name] as (value: unknown) => FilterCondition;
    return filter[name] === undefined ? [] : [condition(filter[name])];
  });
}

/** The same for a list. */
export function listConditionsOf({ minTokens, tags, ...filter }: ListFilter): readonly FilterCondition<ListField>[] {
  const conditions: FilterCondition<ListField>[] = [...conditionsOf(filter)];
  if (minTokens !== undefined) conditions.push({ field: 'totalTokens', range: { gte: minTokens } });
  if (tags && tags.length > 0) conditions.push({ fields: ['labels'], values: tags.flatMap(tagLabels) });
  return conditions;
}

/** A filter in two: of sessions, and of messages. */
export function filterByLevel(filter: SessionFilter): {
  readonly session: SessionFilter;
  readonly message: SessionFilter;
} {
  const isOfMessages = ([name]: [string, unknown]) => OF_MESSAGES.includes(name as keyof SessionFilter);
  const entries = Object.entries(filter);
  return {
    session: Object.fromEntries(entries.filter((entry) => !isOfMessages(entry))),
    message: Object.fromEntries(entries.filter(isOfMessages)),
  };
}
