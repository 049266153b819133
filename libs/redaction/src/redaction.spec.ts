import { HARMLESS } from './testing/harmless.ts';
import { IDENTITIES, SECRETS, type SensitiveLine } from './testing/sensitive.ts';
import { nameFinder, Pseudonyms, redactForPublic, SENSITIVE_KINDS, sensitiveParts } from './index.ts';

const key = Buffer.from('of a workspace');
const NAMES = ['Ada Lovelace', 'alovelace', 'acme-billing'];
const all = { kinds: new Set(SENSITIVE_KINDS), names: nameFinder(NAMES) };

/** The longest piece of a value that is still readable. */
const READABLE_PIECE = 8;

function isReadable(text: string, hidden: string): boolean {
  if (hidden.length <= READABLE_PIECE) return text.includes(hidden);
  for (let at = 0; at + READABLE_PIECE <= hidden.length; at++) {
    const piece = hidden.slice(at, at + READABLE_PIECE);
    // What every key of a vendor begins with is no secret.
    if (text.includes(piece) && !/^[a-z]{2,}[-_:]|^-|https?:|slack|discord/i.test(piece)) return true;
  }
  return false;
}

const missed = (lines: readonly SensitiveLine[], redact: (text: string) => string) =>
  lines.filter(({ line, hidden }) => isReadable(redact(line), hidden)).map(({ line }) => line);

describe('on the corpus', () => {
  const pseudonyms = new Pseudonyms(key, NAMES);

  it('at most 3 secrets of 57 stay readable, and none that is not a word or without a name', () => {
    const left = missed(SECRETS, (text) => pseudonyms.text(text));
    expect(SECRETS.length).toBeGreaterThanOrEqual(57);
    expect(left.length).toBeLessThanOrEqual(3);
    expect(left.filter((line) => !/open sesame|sshpass|into the vault/.test(line))).toEqual([]);
    // The same ones without pseudonyms, as on a public page.
    expect(missed(SECRETS, redactForPublic)).toEqual(left);
  });

  it('at most 1 name, address, path or host of 28 stays readable', () => {
    const left = missed(IDENTITIES, (text) => pseudonyms.text(text));
    expect(IDENTITIES.length).toBeGreaterThanOrEqual(28);
    expect(left.filter((line) => line !== 'ssh buildbox7')).toEqual([]);
  });

  it('at most 2 of 71 harmless lines have a false alarm', () => {
    expect(HARMLESS.length).toBeGreaterThanOrEqual(71);
    const alarms = HARMLESS.filter((line) => sensitiveParts(line, all).length > 0);
    expect(alarms.length).toBeLessThanOrEqual(2);
    expect(alarms).toEqual([]);
  });

  it('the kinds are told apart', () => {
    for (const { line, kind, hidden } of IDENTITIES) {
      if (line === 'ssh buildbox7') continue;
      const at = line.indexOf(hidden);
      const found = sensitiveParts(line, all).filter(({ start, end }) => start < at + hidden.length && end > at);
      expect([line, found.map((finding) => finding.kind)]).toEqual([line, [kind]]);
    }
  });
});

describe('pseudonyms', () => {
  const one = new Pseudonyms(key, NAMES);
  it('are the same for the same value, in every text, and different for others', () => {
    const names = ['mail ada@acme.com', 'MAIL Ada@Acme.com', 'mail bob@acme.com'].map((text) =>
      one.text(text).slice(5),
    );
    expect(names[0]).toMatch(/^user-[0-9a-f]{10}@example\.com$/);
    expect(names[1]).toBe(names[0]);
    expect(names[2]).not.toBe(names[0]);
    expect(new Pseudonyms(key, NAMES).text('ada@acme.com')).toBe(names[0]);
  });

  it('of another workspace are others, so that nobody can test a guess', () => {
    const another = new Pseudonyms(Buffer.from('of another workspace'), NAMES);
    for (const text of ['ada@acme.com', '/home/ada/x', 'https://git.acme.corp', 'Ada Lovelace'])
      expect(another.text(text)).not.toBe(one.text(text));
  });

  it('of paths keep folders, common names and extensions apart', () => {
    const [app, test, folder] = ['app.ts', 'app.test.ts', ''].map((file) => one.text(`/home/ada/falcon/src/${file}`));
    expect(app).toMatch(/^\/home\/dir-\w{10}\/dir-\w{10}\/src\/file-\w{10}\.ts$/);
    expect(test).toMatch(/\.test\.ts$/);
    expect(app!.startsWith(folder!)).toBe(true);
  });

  it('are found nowhere when they are put in again', () => {
    for (const { line } of [...SECRETS, ...IDENTITIES]) {
      const text = one.text(line);
      const again = sensitiveParts(text, { kinds: new Set(['secret', 'email', 'host', 'name']), names: all.names });
      expect([text, again.map(({ start, end }) => text.slice(start, end))]).toEqual([text, []]);
    }
  });
});

describe('a long text', () => {
  it('has no secret at the border of two pieces', () => {
    const secret = `ghp_${'a1B2'.repeat(9)}`;
    for (let at = 256 * 1024 - 60; at < 256 * 1024 + 20; at += 7) {
      expect(redactForPublic(`${' '.repeat(at)}${secret} `)).not.toContain(secret.slice(0, 12));
    }
  });

  it.each([
    'a',
    '/a',
    'a.',
    'A ',
    'password ',
    'a@',
    '0:',
    '-----BEGIN PRIVATE KEY-----',
    'http://',
    'eyJ',
    'a-',
    '\\\\a\\',
    'mongodb://a:',
    'secret_key_',
    '=:',
    'token=',
    '<a@',
  ])('of %j alone takes time in proportion to its length', (unit) => {
    const timeOf = (length: number) => {
      const text = unit.repeat(length / unit.length);
      const began = performance.now();
      sensitiveParts(text, all);
      return performance.now() - began;
    };
    timeOf(20_000);
    // Quadratic time would be a hundred times as much for ten times the text, and minutes for this length.
    expect(timeOf(200_000)).toBeLessThan(Math.max(40 * timeOf(20_000), 1_500));
  });
});
