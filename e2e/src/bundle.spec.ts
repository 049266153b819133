import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const BUILD = join(ROOT, 'build');
/** In the files that Rolldown writes: the heading of a module, files that are loaded with a file, and all that it imports. */
const MODULE = /^\/\/ (\S+\.[cm]?[jt]s)$/gm;
const LOADED_WITH = /^(?:import|export)\b[^'"\n]*"(\.[^"]+)";$/gm;
const IMPORTED = /(?:^(?:import|export)\b[^'"\n]*|\bimport\(|\b__require\()"([^"\n]+)"/gm;

const programs = (await readdir(BUILD)).filter((name) => name.endsWith('.js'));
const matchesOf = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map((match) => match[1]!);

/** The texts of a program's file and of those that it leads to in this way. Chunks of earlier builds are none of them. */
async function filesOf(program: string, leadsTo: RegExp): Promise<string[]> {
  const texts = new Map<string, string>();
  const add = async (file: string): Promise<void> => {
    if (texts.has(file)) return;
    const text = await readFile(file, 'utf8');
    texts.set(file, text);
    const files = matchesOf(text, leadsTo).filter((path) => /^\.\.?\/.*\.js$/.test(path));
    for (const path of files) if (existsSync(join(dirname(file), path))) await add(join(dirname(file), path));
  };
  await add(join(BUILD, program));
  return [...texts.values()];
}

describe('the bundles of the programs', () => {
  it.each(programs)('%s loads nothing that an older Node does not have before it knows its Node', async (program) => {
    const modules = (await filesOf(program, LOADED_WITH)).flatMap((text) => matchesOf(text, MODULE));
    expect(modules).toContain('libs/platform/src/node/on-recent-node.ts');
    const ofEntry = /^(libs\/platform\/src\/node\/[\w-]+\.ts|services\/\w+\/src\/main\.ts|\\0rolldown\/runtime\.js)$/;
    expect(modules.filter((module) => !ofEntry.test(module))).toEqual([]);
  });

  it('have every package that is installed, except those that are named', async () => {
    const { NOT_BUNDLED } = (await import('../../scripts/not-bundled.mjs' as string)) as { NOT_BUNDLED: string[] };
    const outside = new Set<string>();
    for (const program of programs) {
      for (const text of await filesOf(program, IMPORTED)) {
        for (const name of matchesOf(text, IMPORTED)) {
          const [first = '', second] = name.split('/');
          if (!name.startsWith('.') && !isBuiltin(name))
            outside.add(first.startsWith('@') ? `${first}/${second}` : first);
        }
      }
    }
    const isInstalled = (name: string) => existsSync(join(ROOT, 'node_modules', name, 'package.json'));
    const installed = [...outside].filter(isInstalled);
    expect(installed).toContain('pino');
    expect(installed.filter((name) => !NOT_BUNDLED.includes(name))).toEqual([]);
  });
});
