import { distance } from 'fastest-levenshtein';
import { settingsSchema } from './config.ts';

const PREFIX = 'OPENSYNC_';
/** A typo, and not another word: at most this share of the letters differ. */
const SIMILAR = 0.34;

/**
 * What is rightly in an environment and no setting: names of the tests, of the build and of compose files, and what
 * Kubernetes tells each pod of services whose name begins with `opensync`.
 */
const OTHERS = /^OPENSYNC_(E2E_|RELEVANCE|(IMAGE|VERSION|REVISION)$)|_PORT(_\d+_\w+)?$|_SERVICE_(HOST|PORT)(_\w+)?$/;

/** A line for each variable that looks like a setting of ours and is none, with the setting that may be meant. */
export function unknownSettings(env: NodeJS.ProcessEnv): string[] {
  const settings = Object.keys(settingsSchema.shape);
  return Object.keys(env)
    .filter((name) => name.startsWith(PREFIX) && !settings.includes(name) && !OTHERS.test(name))
    .map((name) => {
      const meant = nearest(name, settings);
      return `${name} is not an OpenSync setting${meant ? `; did you mean ${meant}?` : ''}`;
    });
}

function nearest(name: string, settings: readonly string[]): string | undefined {
  // Not all settings have the prefix, so it counts neither for nor against one.
  const word = withoutPrefix(name);
  const ranked = settings
    .map((setting) => ({ setting, share: distance(word, withoutPrefix(setting)) / Math.max(word.length, 1) }))
    .sort((a, b) => a.share - b.share);
  return ranked.find(({ share }) => share <= SIMILAR)?.setting;
}

function withoutPrefix(name: string): string {
  return name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name;
}
