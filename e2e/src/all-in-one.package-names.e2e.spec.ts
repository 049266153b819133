import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { temporaryFolder, type TemporaryFolder } from '@opensync/testkit';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly bin?: Readonly<Record<string, string>>;
  readonly workspaces?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

async function manifest(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(REPOSITORY, folder, 'package.json'), 'utf8')) as Manifest;
}

/** The folders of the packages of this workspace. */
async function packages(): Promise<string[]> {
  const { workspaces = [] } = await manifest('.');
  const folders = workspaces.map(async (pattern) => {
    if (!pattern.endsWith('/*')) return [pattern];
    const parent = dirname(pattern);
    const entries = await readdir(join(REPOSITORY, parent), { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(parent, name));
  });
  return (await Promise.all(folders)).flat();
}

describe('the names of the packages', () => {
  it('are scoped, and none of them can be published by mistake', async () => {
    const all = await Promise.all((await packages()).map(manifest));
    expect(all.length).toBeGreaterThan(10);
    for (const { name } of all) expect(name).toMatch(/^@opensync\/[a-z0-9-]+$/);
    for (const one of [...all, await manifest('.')]) expect(one).toMatchObject({ private: true });
  });

  it('refer to the packages in this clone, whatever their version: npm asks no registry for them', async () => {
    const folders = await packages();
    const all = await Promise.all(folders.map(manifest));
    for (const { dependencies, devDependencies } of all) {
      const own = Object.entries({ ...dependencies, ...devDependencies }).filter(([name]) =>
        /^(@opensync\/|opensync$)/.test(name),
      );
      for (const [name, version] of own) expect({ name, version }).toEqual({ name, version: '*' });
    }
    const { packages: locked } = JSON.parse(await readFile(join(REPOSITORY, 'package-lock.json'), 'utf8')) as {
      packages: Readonly<Record<string, { link?: boolean; resolved?: string }>>;
    };
    for (const [at, { name }] of all.entries()) {
      expect(locked[`node_modules/${name}`]).toEqual({ resolved: folders[at], link: true });
    }
    expect(locked).not.toHaveProperty('node_modules/opensync');
  });

  it('are the ones that the image is built with', async () => {
    const dockerfile = await readFile(join(REPOSITORY, 'Dockerfile'), 'utf8');
    const named = [...dockerfile.matchAll(/--workspace=(\S+)/g)].map(([, name]) => name);
    expect(named).toEqual([(await manifest('services/opensync')).name]);
  });
});

describe('in a clone without installed dependencies', () => {
  let clone: TemporaryFolder;
  beforeAll(async () => {
    clone = await temporaryFolder();
    const wanted = ['package.json', 'package-lock.json', 'docs/api.md', 'scripts/run-built.mjs'];
    for (const name of await packages()) {
      wanted.push(join(name, 'package.json'));
      if (existsSync(join(REPOSITORY, name, 'bin'))) wanted.push(join(name, 'bin'));
    }
    for (const name of wanted) await cp(join(REPOSITORY, name), join(clone.path, name), { recursive: true });
  });
  afterAll(() => clone.remove());

  /** The output of a command that must fail. */
  const expectToFail = async (program: string, args: readonly string[], folder: string, line: string | RegExp) => {
    const { PATH } = process.env;
    // A registry that must not be asked.
    const registry = { NPM_CONFIG_REGISTRY: 'http://127.0.0.1:9/', NPM_CONFIG_FETCH_RETRIES: '0' };
    const env = { PATH, HOME: clone.path, NPM_CONFIG_UPDATE_NOTIFIER: 'false', ...registry };
    const ended = promisify(execFile)(program, [...args], { cwd: join(clone.path, folder), env });
    await expect(ended).rejects.toMatchObject({
      code: 1,
      stderr: typeof line === 'string' ? `${line}\n` : expect.stringMatching(line),
    });
  };
  const NOT_BUILT = 'not built yet; run `npm start` or `npm run setup` in the folder of OpenSync first';

  it.each(['.', 'docs', 'services/query'])(
    'npx opensync runs the command of the clone, and asks no registry: in %s',
    (from) => expectToFail('npx', ['--yes', 'opensync', 'status'], from, `opensync: ${NOT_BUILT}`),
  );

  it.each(['ingest', 'query', 'projector', 'embedder', 'keeper', 'wrapped'])(
    'node services/%s says what is missing, in one line',
    (name) => expectToFail(process.execPath, [`services/${name}`], '.', `opensync-${name}: ${NOT_BUILT}`),
  );

  it('a built program without its dependencies says so, in one line', async () => {
    await cp(join(REPOSITORY, 'build'), join(clone.path, 'build'), { recursive: true });
    const missing =
      /^opensync-query: not installed completely: Cannot find package '[^']+' imported from \S+; run `npm start` or `npm run setup` in the folder of OpenSync first\n$/;
    await expectToFail(process.execPath, ['services/query'], '.', missing);
  });
});
