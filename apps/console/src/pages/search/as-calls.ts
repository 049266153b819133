export type Kind = 'fulltext' | 'semantic' | 'hybrid';

export interface Asked {
  readonly q: string;
  readonly type: Kind;
  readonly level: 'session' | 'message';
  readonly filters: Readonly<Record<string, string>>;
}

/** The same search with curl. Everything that a shell could read is quoted. */
export function asCurl(url: string, { q, type, level, filters }: Asked): string {
  const search = new URLSearchParams({ q, type, level, ...filters });
  return `curl ${quoted(`${url}/api/search?${search.toString()}`)} -H 'Authorization: Bearer osk_…'`;
}

/** The same search as a call of the tool that agents have. */
export function asMcp({ q, type, level, filters }: Asked): string {
  const { source, model, project, from, to } = filters;
  const known = Object.fromEntries(
    Object.entries({ source, model, project, from, to }).filter(([, value]) => value !== undefined),
  );
  const call = {
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: 'search_sessions', arguments: { query: q, type, level, ...known } },
  };
  return JSON.stringify(call, undefined, 2);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

const KEY = 'opensync-searches';
const MOST = 10;

/** The latest searches of this browser, the last one first. */
export function recentSearches(): string[] {
  try {
    const all = JSON.parse(localStorage.getItem(KEY) ?? '[]') as unknown;
    return Array.isArray(all) ? all.filter((one) => typeof one === 'string').slice(0, MOST) : [];
  } catch {
    return [];
  }
}

export function remember(q: string): void {
  const others = recentSearches().filter((one) => one !== q);
  localStorage.setItem(KEY, JSON.stringify([q.slice(0, 500), ...others].slice(0, MOST)));
}

export function forgetSearches(): void {
  localStorage.removeItem(KEY);
}
