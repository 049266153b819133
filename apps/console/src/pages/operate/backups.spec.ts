import { ageOf, behindOf, digestOf, proofOf } from './backups.ts';

const HOUR = 3_600_000;
const at = 100 * 24 * HOUR;
const backup = (hours: number, to = 10) => ({
  ...{
    at: at - hours * HOUR,
    place: '/mnt/backups',
    to,
    file: null,
    bytes: null,
    events: null,
    sha256: null,
    lost: null,
  },
});
const rehearsal = (hours: number, problem: string | null = null) => ({
  ...{ at: at - hours * HOUR, place: '/mnt/backups', to: 10, sessions: 3, digest: 'd', problem },
});

it('says how old the last backup is, and what is not in it', () => {
  expect(ageOf({ at, backups: [] }).kind).toBe('bad');
  expect(ageOf({ at, backups: [backup(27), backup(1)] }).words).toBe('Old');
  expect(ageOf({ at, backups: [backup(25)] }).words).toBe('Recent');
  expect(behindOf({ lastSequence: 11, backups: [backup(1)] })).toBe('up to 1 event not in it yet');
  expect(behindOf({ lastSequence: 10, backups: [backup(1)] })).toBe('everything is in it');
  expect(behindOf({ lastSequence: 2_000, backups: [] })).toBe('up to 2,000 events not in it yet');
});

it('believes no proof that a later rehearsal contradicts, nor one of long ago', () => {
  const proof = rehearsal(30);
  expect(proofOf({ at, rehearsals: [rehearsal(1, 'a part is missing'), proof], proof }).kind).toBe('bad');
  expect(proofOf({ at, rehearsals: [proof], proof }).words).toBe('Proved');
  expect(proofOf({ at, rehearsals: [], proof: rehearsal(24 * 9) }).words).toBe('Proved long ago');
  expect(proofOf({ at, rehearsals: [], proof: null }).words).toBe('Never proved');
});

it('shortens digests', () => {
  expect([digestOf('0123456789abcdef'), digestOf(null)]).toEqual(['0123456789ab', '–']);
});
