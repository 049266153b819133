const BASE = 'http://opensync.invalid';

/**
 * Where a person continues after login: a path of this server, or `home` for anything that a browser would take for
 * another one.
 */
export function returnPathOf(asked: unknown, home: string): string {
  if (typeof asked !== 'string' || !/^\/(?![/\\])/.test(asked) || !URL.canParse(asked, BASE)) return home;
  const { origin, pathname, search, hash } = new URL(asked, BASE);
  // A second look at what the parser made of it: it drops control characters.
  return origin === BASE && !pathname.startsWith('//') ? pathname + search + hash : home;
}
