/**
 * A URL for people: neither who logs in nor parameters, which may be secret. No URL to a parser of those, since one for MongoDB may
 * name several hosts.
 */
export function withoutCredentials(url: string): string {
  const [, scheme = '', rest = ''] = /^([^/]*\/\/)?(.*)$/.exec(url)!;
  return scheme + rest.slice(rest.lastIndexOf('@') + 1).replace(/[/?#]*([?#].*)?$/, '');
}
