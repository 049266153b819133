import { withParameters } from '../../router/match.ts';

/** What the list of sessions can be narrowed by; the names are those of `GET /api/sessions`. */
export const FILTERS = [
  { name: 'source', title: 'Source' },
  { name: 'model', title: 'Model' },
  { name: 'provider', title: 'Provider' },
  { name: 'project', title: 'Project' },
  { name: 'user', title: 'Person' },
  { name: 'tag', title: 'Tag' },
  { name: 'evalStatus', title: 'Verdict' },
] as const;
export type FilterName = (typeof FILTERS)[number]['name'];

/** Parameters that are passed on to the API as they are. */
const PASSED_ON = [
  ...FILTERS.map(({ name }) => name),
  'from',
  'to',
  'hasErrors',
  'minTokens',
  'sort',
  'order',
] as const;

export const SORTS = [
  { by: 'updatedAt', title: 'Last changed' },
  { by: 'createdAt', title: 'Created' },
] as const;

export const LAYOUTS = [
  { name: 'table', title: 'Table' },
  { name: 'compact', title: 'Compact' },
  { name: 'timeline', title: 'Timeline' },
] as const;
export type Layout = (typeof LAYOUTS)[number]['name'];

/** The query of `GET /api/sessions` for the address of the page. */
export function queryOf(parameters: URLSearchParams): Record<string, string> {
  const query: Record<string, string> = {};
  for (const name of PASSED_ON) {
    const value = parameters.get(name);
    if (value !== null && value !== '') query[name] = value;
  }
  return query;
}

/** Sessions that are read at once. */
export const PAGE = 100;

/** What `GET /api/sessions` is asked at first. */
export function firstQuery(parameters: URLSearchParams): Record<string, string | number> {
  return { sort: 'updatedAt', ...queryOf(parameters), limit: PAGE };
}

/** How many filters narrow the list. */
export function countOf(parameters: URLSearchParams): number {
  return Object.keys(queryOf(parameters)).filter((name) => name !== 'sort' && name !== 'order').length;
}

/** The address of the same list without its filters. */
export function cleared(parameters: URLSearchParams): string {
  return withParameters(parameters, Object.fromEntries(PASSED_ON.map((name) => [name, undefined])));
}

/** A list under a name, kept in this browser. */
export interface View {
  readonly name: string;
  /** The query string of the page. */
  readonly search: string;
}

const KEY = 'opensync-views';
const MOST_VIEWS = 50;

/** What was stored may be from another version, or edited by hand. */
export function readViews(text: string | null): View[] {
  try {
    const views = JSON.parse(text ?? '[]') as unknown;
    if (!Array.isArray(views)) return [];
    return views.filter(
      (view): view is View =>
        typeof view?.name === 'string' && typeof view.search === 'string' && /^(\?|$)/.test(view.search),
    );
  } catch {
    return [];
  }
}

export function storedViews(): View[] {
  return readViews(localStorage.getItem(KEY));
}

export function storeViews(views: readonly View[]): void {
  localStorage.setItem(KEY, JSON.stringify(views.slice(-MOST_VIEWS)));
}
