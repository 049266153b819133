import { settingsSchema, type Settings } from './config.ts';
import { SECRET_SETTINGS, withSecretsOfFiles } from './secret-files.ts';

/** A setting as an operator may see it. */
export interface DescribedSetting {
  readonly name: string;
  /** Null: not set, and without a default. A secret is never shown, and neither is the password of a URL. */
  readonly value: string | null;
  readonly isSecret: boolean;
  /** Where the value comes from: the environment, a file (`…_FILE` or OPENSYNC_SECRETS_DIR), the command line, or nowhere. */
  readonly origin: 'environment' | 'file' | 'command line' | 'default';
}

const LONGEST_VALUE = 1_000;
const HIDDEN = '(hidden)';

/**
 * The settings of a process.
 * @param env the variables that they were read from
 * @param names those that the process reads, set or not; default: all
 */
export function describeSettings(
  settings: Partial<Settings>,
  env: NodeJS.ProcessEnv,
  names = Object.keys(settingsSchema.shape) as readonly (keyof Settings)[],
): DescribedSetting[] {
  const { values, files } = withSecretsOfFiles(env, names);
  const inOrder = (Object.keys(settingsSchema.shape) as (keyof Settings)[]).filter((name) => names.includes(name));
  return inOrder.map((name) => {
    const isSecret = (SECRET_SETTINGS as readonly string[]).includes(name);
    const value = settings[name];
    const usual = settingsSchema.shape[name].safeParse(undefined);
    const isUsual = usual.success && JSON.stringify(usual.data) === JSON.stringify(value);
    const given = values[name] !== undefined;
    const origin = files.has(name) ? 'file' : given ? 'environment' : isUsual ? 'default' : 'command line';
    return { name, value: shownValue(value, isSecret), isSecret, origin };
  });
}

function shownValue(value: unknown, isSecret: boolean): string | null {
  if (value === undefined || value === null) return null;
  const text = Array.isArray(value) ? value.join(',') : typeof value === 'string' ? value : JSON.stringify(value);
  if (!isSecret) return text.slice(0, LONGEST_VALUE);
  return URL.canParse(text) ? withoutPassword(text) : HIDDEN;
}

/** The server of a URL is no secret; its user, its password and its parameters may be. */
function withoutPassword(text: string): string {
  const { protocol, host, pathname } = new URL(text);
  // The host of `osk:x` is empty, and everything is the path.
  return host === '' ? HIDDEN : `${protocol}//${host}${pathname === '/' ? '' : pathname}`;
}
