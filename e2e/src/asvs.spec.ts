import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from './documents/world.ts';

/** The levels of the requirements of each section of ASVS 5.0.0, in their order: a digit each. */
const SECTIONS: Readonly<Record<string, string>> = {
  ...{ '1.1': '22', '1.2': '1111122223', '1.3': '112222222223', '1.4': '222', '1.5': '123' },
  ...{ '2.1': '122', '2.2': '112', '2.3': '12223', '2.4': '23' },
  ...{ '3.1': '3', '3.2': '113', '3.3': '12223', '3.4': '11222233', '3.5': '11122333', '3.6': '3', '3.7': '22333' },
  ...{ '4.1': '12233', '4.2': '23333', '4.3': '22', '4.4': '1222' },
  ...{ '5.1': '2', '5.2': '112333', '5.3': '113', '5.4': '222' },
  ...{
    '6.1': '122',
    '6.2': '111111112222',
    '6.3': '11223333',
    '6.4': '112233',
    '6.5': '22222333',
    '6.6': '2223',
    '6.7': '33',
    '6.8': '2222',
  },
  ...{ '7.1': '222', '7.2': '1111', '7.3': '22', '7.4': '11222', '7.5': '223', '7.6': '22' },
  ...{ '8.1': '1233', '8.2': '1123', '8.3': '133', '8.4': '23' },
  ...{ '9.1': '111', '9.2': '1222' },
  ...{
    '10.1': '22',
    '10.2': '223',
    '10.3': '22223',
    '10.4': '1111122222233333',
    '10.5': '22222',
    '10.6': '22',
    '10.7': '222',
  },
  ...{ '11.1': '2233', '11.2': '22233', '11.3': '11233', '11.4': '1222', '11.5': '23', '11.6': '23', '11.7': '33' },
  ...{ '12.1': '12233', '12.2': '11', '12.3': '22223' },
  ...{ '13.1': '2333', '13.2': '222223', '13.3': '2233', '13.4': '1222233' },
  ...{ '14.1': '22', '14.2': '12223333', '14.3': '122' },
  ...{ '15.1': '12233', '15.2': '12233', '15.3': '1222222', '15.4': '3333' },
  ...{ '16.1': '2', '16.2': '22222', '16.3': '2222', '16.4': '222', '16.5': '2223' },
  ...{ '17.1': '23', '17.2': '22223333', '17.3': '22' },
};
/** Levels that docs/asvs.md answers. */
const ANSWERED = /[12]/;
const ANSWERS = ['tested', 'by design', 'operator', 'n/a', 'gap'];

const document = readFileSync(join(REPOSITORY, 'docs/asvs.md'), 'utf8');
const rows = [...document.matchAll(/^\| (\d+\.\d+\.\d+) +\|(.*)\|$/gm)].map(([, number, cells]) => {
  const [level, title, answer, reason] = cells!.split(/(?<!\\)\|/).map((cell) => cell.trim());
  return { number: number!, level: level!, title: title!, answer: answer!, reason: reason! };
});

const wanted = Object.entries(SECTIONS).flatMap(([section, levels]) =>
  [...levels].map((level, at) => ({ number: `${section}.${at + 1}`, level })),
);

describe('docs/asvs.md', () => {
  it('knows all requirements of the standard', () => {
    expect([...Object.values(SECTIONS).join('')].toSorted().join('')).toBe(
      '1'.repeat(70) + '2'.repeat(183) + '3'.repeat(92),
    );
  });

  it('answers each requirement of levels 1 and 2 once, in order', () => {
    const numbered = rows.map(({ number, level }) => ({ number, level }));
    expect(numbered).toEqual(wanted.filter(({ level }) => ANSWERED.test(level)));
  });

  it('gives a test that exists, or a reason, for each', () => {
    const problems = rows.flatMap(({ number, title, answer, reason }) => {
      const links = [...reason.matchAll(/\]\((\.\.\/[^)]+\.spec\.ts)\)/g)].map(([, path]) => join('docs', path!));
      const missing = links.filter((path) => !existsSync(join(REPOSITORY, path)));
      return [
        ...missing.map((path) => `${number}: there is no ${path}`),
        ...(title === '' || reason === '' ? [`${number}: an empty cell`] : []),
        ...(ANSWERS.includes(answer) ? [] : [`${number}: ${answer} is no answer`]),
        ...(answer === 'tested' && links.length === 0 ? [`${number}: no test`] : []),
      ];
    });
    expect(problems).toEqual([]);
  });
});
