import { VERSION } from './version.ts';

const ROOT = new URL('../../../', import.meta.url);
interface Versions {
  versionsOf(root: string): Record<string, string | undefined>;
  versionProblems(root: string, version: string): string[];
}

describe('the version', () => {
  it('is the same in every package, the image and the chart, and the changelog has it', async () => {
    const { versionsOf, versionProblems } = (await import(new URL('scripts/versions.mjs', ROOT).href)) as Versions;
    const root = new URL('.', ROOT).pathname;
    expect(new Set(Object.values(versionsOf(root)))).toEqual(new Set([VERSION]));
    expect(Object.keys(versionsOf(root)).length).toBeGreaterThan(10);
    expect(versionProblems(root, VERSION)).toEqual([]);
  });

  it('that is not everywhere, not semantic or without changes cannot be released', async () => {
    const { versionProblems } = (await import(new URL('scripts/versions.mjs', ROOT).href)) as Versions;
    const problems = versionProblems(ROOT.pathname, 'next');
    expect(problems).toEqual(
      expect.arrayContaining([
        'next is not a semantic version',
        `package.json says ${VERSION} instead of next`,
        'CHANGELOG.md has no section [next]',
      ]),
    );
  });
});
