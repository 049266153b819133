import fc from 'fast-check';
import { comparableEmail, hasAsciiDomain, normalEmail, sharesDerivedIds } from './people.ts';

const isAscii = (text: string) => /^[\0-\x7f]*$/.test(text);
const KELVIN = '\u212a';

/** Every character that some normal form or case mapping turns into ASCII. */
const LOOKALIKES = Array.from({ length: 0x3_0000 }, (_, code) => code)
  .filter((code) => code > 0x7f && !(code >= 0xd800 && code <= 0xdfff))
  .map((code) => String.fromCodePoint(code))
  .filter((character) =>
    ['NFKC', 'NFKD'].some((form) =>
      /[\0-\x7f]/.test(character.normalize(form).toLowerCase() + character.toLowerCase()),
    ),
  );

const aCharacter = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...'abkKsSiIfF.+@-19') },
  { weight: 2, arbitrary: fc.constantFrom(...LOOKALIKES) },
  fc.constantFrom('e\u0301', '\u00e9', '\u00c9', '\u0130', '\u0131', '\u017f', '\u0307', '\u0323', '\uff21', '\u3000'),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
);
const aLocalPart = fc.array(aCharacter, { minLength: 1, maxLength: 8 }).map((all) => all.join(''));
const anEmail = aLocalPart.map((local) => `${local}@example.org`);

describe('an e-mail address', () => {
  it('equals an ASCII address only if it is that address, but for the case of ASCII letters', () => {
    fc.assert(
      fc.property(anEmail, (email) => {
        const comparable = comparableEmail(email);
        if (isAscii(comparable)) expect(comparable).toBe(email.replace(/^[ \t\r\n]+/, '').toLowerCase());
        expect(isAscii(comparable)).toBe(isAscii(email));
      }),
      { numRuns: 2000 },
    );
  });

  it('is not that of any lookalike of ASCII', () => {
    const taken = new Set<string>();
    for (const character of LOOKALIKES) {
      const plain = character.normalize('NFKC');
      for (const other of [plain, plain.toLowerCase(), character.toLowerCase()].filter(isAscii)) {
        taken.add(other);
        expect(comparableEmail(`${character}ate@example.org`)).not.toBe(comparableEmail(`${other}ate@example.org`));
      }
    }
    expect(taken).toContain('k');
  });

  it('stays the same when it is normalised again, so that a stored one is found', () => {
    fc.assert(
      fc.property(anEmail, (email) => {
        expect(normalEmail(normalEmail(email))).toBe(normalEmail(email));
        expect(comparableEmail(normalEmail(email))).toBe(comparableEmail(email));
        expect(comparableEmail(comparableEmail(email))).toBe(comparableEmail(email));
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['the case of ASCII letters', ' Ada@Example.ORG ', 'ada@example.org'],
    ['how an accent is composed', 'Rene\u0301@example.org', 'ren\u00e9@example.org'],
    ['half-width letters of other alphabets', '\uff76@example.org', '\u30ab@example.org'],
  ])('is the same whatever %s', (_what, one, other) => {
    expect(comparableEmail(one)).toBe(comparableEmail(other));
  });

  it.each([
    ['the Kelvin sign', `${KELVIN}ate@example.org`, 'kate@example.org'],
    ['full-width letters', '\uff4bate@example.org', 'kate@example.org'],
    ['a ligature', '\ufb01nn@example.org', 'finn@example.org'],
    ['the case of other alphabets', '\u00c9ve@example.org', '\u00e9ve@example.org'],
    ['a blank of another alphabet', '\u00a0kate@example.org', 'kate@example.org'],
    ['a full-width domain', 'kate@\uff45xample.org', 'kate@example.org'],
  ])('differs by %s', (_what, one, other) => {
    expect(comparableEmail(one)).not.toBe(comparableEmail(other));
  });

  it('has a domain in ASCII, or its ASCII form is needed', () => {
    expect(hasAsciiDomain('ren\u00e9@xn--bcher-kva.example')).toBe(true);
    expect(hasAsciiDomain('ada@b\u00fccher.example')).toBe(false);
    expect(hasAsciiDomain(`ada@${KELVIN}ate.example`)).toBe(false);
  });

  it('shares derived ids with another address only if the former folding made that of it', () => {
    expect(sharesDerivedIds(`${KELVIN}ate@example.org`)).toBe(true);
    for (const own of ['Kate@example.org', '\u00c9ve@example.org', '\uff4bate@example.org']) {
      expect(sharesDerivedIds(own)).toBe(false);
    }
  });
});
