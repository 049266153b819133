import { distance } from 'fastest-levenshtein';
import { settingsSchema } from './config.ts';
import { fileSettingOf, SECRET_SETTINGS } from './secret-files.ts';

const PREFIX = 'OPENSYNC_';
/** For a typo, at most this share of the letters differs. */
const SIMILAR = 0.34;

/**
 * Legitimate variables that are not settings: those of commands that ask a server, of the tests, of the build and of compose files, and the
 * variables that Kubernetes sets in each pod for services whose name begins with `opensync`.
 */
const OTHERS =
  /^OPENSYNC_(E2E_|RELEVANCE|LOADERS_DIR$|(URL|API_KEY|IMAGE|VERSION|REVISION)$)|_PORT(_\d+_\w+)?$|_SERVICE_(HOST|PORT)(_\w+)?$/;

/** A line for each variable that looks like our setting but is none, with the setting that is probably meant. */
export function unknownSettings(env: NodeJS.ProcessEnv): string[] {
  const settings = [...Object.keys(settingsSchema.shape), ...SECRET_SETTINGS.map(fileSettingOf)];
  return Object.keys(env)
    .filter((name) => name.startsWith(PREFIX) && !settings.includes(name) && !OTHERS.test(name))
    .map((name) => {
      const meant = nearest(name, settings);
      return `${name} is not an OpenSync setting${meant ? `; did you mean ${meant}?` : ''}`;
    });
}

function nearest(name: string, settings: readonly string[]): string | undefined {
  // Not all settings have the prefix, so it is ignored.
  const word = withoutPrefix(name);
  const ranked = settings
    .map((setting) => ({ setting, share: distance(word, withoutPrefix(setting)) / Math.max(word.length, 1) }))
    .sort((a, b) => a.share - b.share);
  return ranked.find(({ share }) => share <= SIMILAR)?.setting;
}

function withoutPrefix(name: string): string {
  return name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name;
}
