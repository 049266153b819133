import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { documentsOf } from './documents/read-commands.ts';
import { REPOSITORY } from './documents/world.ts';

const documents = documentsOf(REPOSITORY);
const FOLDERS = 'libs|services|e2e|bench|docs|deploy|scripts';

/** Without code blocks, which have no links. */
function textOf(document: string): string {
  return readFileSync(join(REPOSITORY, document), 'utf8').replaceAll(/^```[\s\S]*?^```/gm, '');
}

/** The anchors of headings, as GitHub makes them. */
function anchorsOf(document: string): string[] {
  const headings = textOf(document).matchAll(/^#+ (.*)$/gm);
  return Array.from(headings, ([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Links to a missing file, or to a missing heading of a file. */
function brokenLinks(document: string): string[] {
  const links = Array.from(textOf(document).matchAll(/\]\(([^)\s]+)\)/g), ([, link]) => link!);
  return links.filter((link) => {
    if (/^[a-z]+:/.test(link)) return false;
    const [file = '', anchor] = link.split('#');
    const target = file === '' ? document : join(dirname(document), file);
    if (!existsSync(join(REPOSITORY, target))) return true;
    return anchor !== undefined && !anchorsOf(target).includes(anchor);
  });
}

/** Missing paths between backticks. `{a,b}` stands for both; `<name>`, `…` and `*` for anything. */
function missingPaths(document: string): string[] {
  const named = Array.from(
    textOf(document).matchAll(new RegExp(`\`((?:${FOLDERS})/[^\`\\s]*)\``, 'g')),
    ([, path]) => path!,
  );
  const paths = named.flatMap((path) => {
    const [, before, choice, after] = /^(.*)\{(.*)\}(.*)$/.exec(path) ?? [];
    return choice === undefined ? [path] : choice.split(',').map((one) => `${before}${one}${after}`);
  });
  return paths.filter((path) => !/[<…*]/.test(path) && !existsSync(join(REPOSITORY, path)));
}

describe.each(documents)('%s', (document) => {
  it('links only to existing files and headings', () => {
    expect(brokenLinks(document)).toEqual([]);
  });

  it('names only existing paths', () => {
    expect(missingPaths(document)).toEqual([]);
  });
});

it('each decision has a unique number', () => {
  const numbers = documents.flatMap((document) => /^docs\/adr\/(\d{4})-/.exec(document)?.[1] ?? []);
  expect(numbers.length).toBeGreaterThan(15);
  expect(numbers.filter((number, at) => numbers.indexOf(number) !== at)).toEqual([]);
});
