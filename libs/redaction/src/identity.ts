import type { Finding } from './finding.ts';

const EMAIL = /(?<![\w.+-])[\w.+%-]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?\.){1,8}[a-z]{2,24}(?![\w-])/gi;

/** `Ada Lovelace <ada@example.com>`, as in commits. */
const NAMED_EMAIL =
  /(?<name>\p{Lu}[\p{L}'’.-]{0,40}(?: [\p{Lu}][\p{L}'’.-]{0,40}){0,4}) ?<[^<>\s@]{1,64}@[^<>\s]{1,255}>/dgu;

/** Domains that are reserved for examples, addresses of the machine itself, and our own pseudonyms: they name nobody. */
const NOBODY =
  /(?:^|[.@])(?:example\.(?:com|org|net)|[\w-]+\.(?:example|invalid|test)|localhost)$|^(?:127\.[\d.]+|0\.0\.0\.0|::1?|255\.255\.255\.\d+|secret-[0-9a-f]{10})$/i;

/** E-mail addresses. Those of services, such as `git@github.com`, are hosts. */
export function emails(text: string): Finding[] {
  const found: Finding[] = [];
  if (!text.includes('@')) return found;
  for (const { index, 0: match } of text.matchAll(EMAIL)) {
    if (NOBODY.test(match)) continue;
    const kind = /^(?:git|hg|svn)@/i.test(match) ? 'host' : 'email';
    found.push({ kind, start: kind === 'host' ? index + match.indexOf('@') + 1 : index, end: index + match.length });
  }
  for (const match of text.matchAll(NAMED_EMAIL)) {
    const [start, end] = match.indices!.groups!.name!;
    found.push({ kind: 'name', start, end });
  }
  return found;
}

/**
 * Absolute paths: of Unix with at least two segments or a home folder, of Windows with a drive or a server. A URL's path belongs to
 * its host.
 */
const UNIX_PATH =
  /(?<![\w.:~/\\)\]}-])(?:file:\/\/)?(?<path>(?:~[\w.-]{0,64}\/|\/(?!\/))(?:[^\s/\\"'`<>|:;,*?$(){}\[\]&=#!@^%+]{1,255}(?:\/+|(?![^\s/\\"'`<>|:;,*?$(){}\[\]&=#!@^%+]))){1,64})/dgu;
const WINDOWS_PATH =
  /(?<![\w])(?<path>(?:[A-Za-z]:(?:\\\\?|\/)(?=\w)|\\\\[\w.-]{1,255}\\)(?:[^\s\\/"'`<>|:;,*?]{1,255}(?:\\\\?|\/)?){1,64})/dgu;

/** Roots of a file system; a path elsewhere may be a route, a regular expression or a comment. */
const ROOTS =
  /^(?:~|\/(?:home|users|root|var|tmp|private|opt|srv|mnt|media|data|work|workspace|workspaces|code|app|usr|etc|volumes|project|projects|repo|repos|run|nix|build|builds|github|cygdrive|[a-z]\/users)(?:\/|$))/i;
/** Folders that every system has. */
const PUBLIC_PATH =
  /^\/(?:(?:usr|bin|sbin|lib|lib64|etc|dev|proc|sys|boot|nix\/store)(?:\/|$)|(?:home|users|root|var|tmp|opt|srv|mnt|run|private|media|var\/(?:log|lib|run|tmp)|private\/tmp|dev\/null)\/?$)/i;

/** Absolute paths. Those of the system itself, such as `/usr/bin/env`, name nobody. */
export function paths(text: string): Finding[] {
  const found: Finding[] = [];
  if (text.includes('/')) {
    for (const match of text.matchAll(UNIX_PATH)) {
      const [start, end] = match.indices!.groups!.path!;
      const path = text.slice(start, end);
      if (path === '~/' || !ROOTS.test(path) || PUBLIC_PATH.test(path)) continue;
      found.push({ kind: 'path', start, end: start + path.replace(/[./]+$/, '').length });
    }
  }
  if (text.includes(':\\') || text.includes(':/') || text.includes('\\\\')) {
    for (const match of text.matchAll(WINDOWS_PATH)) {
      const [start, end] = match.indices!.groups!.path!;
      found.push({ kind: 'path', start, end });
    }
  }
  return found;
}

const HOST_OF_URL =
  /\b(?:https?|wss?|ftps?|sftp|ssh|git|nats|tls|redis|rediss|amqps?|mongodb(?:\+srv)?|postgres(?:ql)?|mysql|grpc|tcp|smb|nfs|ldaps?|kafka|s3|gs):\/\/(?:[^\s/@"'`<>]{0,200}@)?(?<host>\[[0-9a-f:.]{2,45}\]|[^\s/:@"'`<>?#,;)\]}\\]{1,253})/dgi;
/** Of addresses alone only those that prose and code do not have: under domains that are not also endings of files. */
const BARE_HOST =
  /(?<![\w.@/-])(?<host>(?:[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?\.){1,8}(?:com|org|net|edu|gov|mil|biz|cloud|corp|lan|intranet|internal|co\.uk|eu|io|dev|ai))(?![\w-]|\.\w|\()/dgi;
const LOCAL_HOST = /(?<![\w.@/-])(?<host>[a-z0-9][a-z0-9-]{0,62}\.(?:local|home|localdomain))(?=:\d|[\s/"'`,]|$)/dgi;
const IPV4 = /(?<![\w.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w]|\.\d)/g;
const IPV6 = /(?<![\w:.])(?:[0-9a-f]{1,4}:){3,7}(?::?[0-9a-f]{1,4}){1,4}(?![\w:])/gi;
/** Of packages and products, not of hosts. */
const PRODUCTS =
  /^(?:node|socket|asp|ado|vb|next|nuxt|vue|d3|three|draw|crates|deno|huggingface|character)\.(?:js|io|net|dev|ai)$/i;

/** Hosts of URLs, other host names, and IP addresses. */
export function hosts(text: string): Finding[] {
  const found: Finding[] = [];
  const add = (start: number, end: number) => {
    if (!NOBODY.test(text.slice(start, end))) found.push({ kind: 'host', start, end });
  };
  const patterns = [...(text.includes('://') ? [HOST_OF_URL] : []), BARE_HOST, LOCAL_HOST];
  for (const pattern of patterns) {
    for (const match of text.matchAll(pattern)) {
      const [start, end] = match.indices!.groups!.host!;
      if (pattern !== BARE_HOST || !PRODUCTS.test(text.slice(start, end))) add(start, end);
    }
  }
  for (const { index, 0: match } of text.matchAll(IPV4)) add(index, index + match.length);
  for (const { index, 0: match } of text.matchAll(IPV6)) {
    if (/[a-f\d]*[a-f][a-f\d]*/i.test(match) || match.includes('::')) add(index, index + match.length);
  }
  return found;
}

const LEAST_NAME = 3;
const MOST_NAMES = 1_000;

/** Finds these names as whole words, in any case. Undefined without any that could be told from other words. */
export function nameFinder(names: Iterable<string>): ((text: string) => Finding[]) | undefined {
  const distinct = new Set<string>();
  for (const name of names) {
    const word = name.normalize('NFC').trim();
    if (word.length >= LEAST_NAME && distinct.size < MOST_NAMES) distinct.add(word.toLowerCase());
  }
  if (distinct.size === 0) return undefined;
  // The longest first: `ada-lovelace` before `ada`.
  const words = [...distinct]
    .sort((a, b) => b.length - a.length)
    .map((word) => word.replace(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`));
  const pattern = new RegExp(String.raw`(?<![\p{L}\p{N}])(?:${words.join('|')})(?![\p{L}\p{N}])`, 'giu');
  return (text) =>
    Array.from(text.matchAll(pattern), ({ index, 0: match }) => ({
      kind: 'name' as const,
      start: index,
      end: index + match.length,
    }));
}
