import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** The settings that are secrets, or URLs that may have a password. */
export const SECRET_SETTINGS = [
  'OPENSYNC_BOOTSTRAP_KEY',
  'OPENSYNC_KEY_SECRET',
  'NATS_URL',
  'NATS_TOKEN',
  'MONGODB_URL',
  'ELASTICSEARCH_URL',
  'ELASTICSEARCH_API_KEY',
  'QDRANT_URL',
  'QDRANT_API_KEY',
  'OPENAI_API_KEY',
  'OIDC_CLIENT_SECRET',
  'WORKOS_API_KEY',
  'WORKOS_WEBHOOK_SECRET',
  'OPENSYNC_SMTP_URL',
] as const;

const SECRETS_DIR = 'OPENSYNC_SECRETS_DIR';
const MOST_BYTES = 64 * 1024;

/** The variable with the path of a file that holds the secret. */
export function fileSettingOf(name: string): string {
  return `${name}_FILE`;
}

export interface GivenSettings {
  readonly values: Readonly<Record<string, string | undefined>>;
  /** Settings that came from a file: the variable that named the file, and its path. */
  readonly files: ReadonlyMap<string, { readonly variable: string; readonly path: string }>;
  /** One line each, which begins with the variable to change. */
  readonly problems: readonly string[];
}

/**
 * The variables, with the secrets among `names` that are in files: `NATS_TOKEN_FILE` names a file with NATS_TOKEN, and
 * OPENSYNC_SECRETS_DIR a folder of files that are named like settings. What is set directly overrides the folder. One
 * newline at the end of a file does not count, because editors and shells add it.
 */
export function withSecretsOfFiles(env: NodeJS.ProcessEnv, names: readonly string[]): GivenSettings {
  const values = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const files = new Map<string, { variable: string; path: string }>();
  const problems: string[] = [];
  const take = (name: string, variable: string, path: string) => {
    const content = contentOf(path);
    if ('problem' in content) return void problems.push(`${variable}: ${JSON.stringify(path)} ${content.problem}`);
    values[name] = content.text;
    files.set(name, { variable, path });
  };
  const folder = values[SECRETS_DIR];
  if (folder !== undefined && !isFolder(folder))
    problems.push(`${SECRETS_DIR}: ${JSON.stringify(folder)} is not a folder`);
  for (const name of SECRET_SETTINGS) {
    if (!names.includes(name)) continue;
    const variable = fileSettingOf(name);
    const path = values[variable];
    if (path !== undefined && values[name] !== undefined) {
      problems.push(`${variable}: ${name} is set as well; set only one of them`);
    } else if (path !== undefined) {
      take(name, variable, path);
    } else if (values[name] === undefined && folder !== undefined && exists(join(folder, name))) {
      take(name, SECRETS_DIR, join(folder, name));
    }
  }
  return { values, files, problems };
}

function contentOf(path: string): { readonly text: string } | { readonly problem: string } {
  try {
    const stats = statSync(path);
    // A pipe would block the start.
    if (!stats.isFile()) return { problem: 'is not a file' };
    if (stats.size > MOST_BYTES) return { problem: `is larger than ${MOST_BYTES} bytes` };
    const text = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
    return text === '' ? { problem: 'is empty' } : { text };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : code === 'EACCES' ? 'permission denied' : message;
    return { problem: `cannot be read: ${reason}` };
  }
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
