/**
 * A URL for people, without credentials and parameters, which may be secret. Not parsed with a URL parser, since a
 * MongoDB URL may name several hosts.
 */
export function withoutCredentials(url: string): string {
  const [, scheme = '', rest = ''] = /^([^/]*\/\/)?(.*)$/.exec(url)!;
  return scheme + rest.slice(rest.lastIndexOf('@') + 1).replace(/[/?#]*([?#].*)?$/, '');
}
