import { withoutTokens } from '../content/media.ts';
import { withoutDumps } from './dumps.ts';

/** Hashes, keys, signatures and pieces of base64; longer runs of hexadecimal are dumps. */
const SHORTEST_NOISE = 40;
const RUN = new RegExp(String.raw`[A-Za-z\d+/_-]{${SHORTEST_NOISE},}={0,2}`, 'g');
const HEXADECIMAL = /^(?:0x)?[\da-f]+$/i;
/** SHA-512 has this many digits; people paste whole hashes as search words. */
const LONGEST_HASH = 128;
/** The ends of a long run are enough. */
const SAMPLE = 512;

/** A text without content that nobody wrote: tokens of blobs, base64, keys and dumps. */
export function withoutNoise(text: string): string {
  const spoken = withoutTokens(text);
  if (spoken.length < SHORTEST_NOISE) return spoken;
  return withoutDumps(spoken).replace(RUN, (run) => (isNoise(run) ? ' ' : run));
}

const UUID = /(?<![\w-])[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}(?![\w-])/gi;
const HASH = /(?<!\w)(?:0x)?[\da-f]{32,}(?!\w)/gi;

/** A text without ids and hashes: people search for them as words, and a vector cannot represent them. */
export function withoutIds(text: string): string {
  return text.length < 32 ? text : text.replace(UUID, ' ').replace(HASH, ' ');
}

const KINDS = [/[A-Z]/g, /[a-z]/g, /\d/g, /[+/_-]/g] as const;
const CHANGES = /(?<=[A-Z])[^A-Z]|(?<=[a-z])[^a-z]|(?<=\d)\D|(?<=[+/_-])[^+/_-]/g;

/**
 * Whether a run is random: letters of both cases and digits are mixed, and two characters in three differ in kind
 * from the previous one. In identifiers and paths it is one in four.
 */
function isNoise(run: string): boolean {
  if (run.length > LONGEST_HASH && HEXADECIMAL.test(run)) return /\d/.test(run);
  const sample = run.length <= 2 * SAMPLE ? run : run.slice(0, SAMPLE) + run.slice(-SAMPLE);
  const share = (kind: RegExp) => (sample.match(kind)?.length ?? 0) / sample.length;
  const [upper, lower, digits, symbols] = KINDS.map(share) as [number, number, number, number];
  const isMixed = upper >= 0.15 && lower >= 0.15 && digits >= 0.03 && symbols <= 0.2;
  return isMixed && share(CHANGES) >= 0.45;
}
