import { readdir, readFile } from 'node:fs/promises';

interface LockedPackage {
  readonly link?: boolean;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly hasInstallScript?: boolean;
}
interface Manifest {
  readonly [dependencies: `${string}ependencies`]: Readonly<Record<string, string>> | undefined;
  readonly allowScripts?: Readonly<Record<string, boolean>>;
}
interface Shipped {
  readonly path: string;
  readonly name: string;
  readonly version: string;
  readonly license: string | undefined;
}

const root = new URL('../../', import.meta.url);
const json = async <T>(path: string) => JSON.parse(await readFile(new URL(path, root), 'utf8')) as T;

const lockfile = await json<{ packages: Readonly<Record<string, LockedPackage>> }>('package-lock.json');
const installed = Object.entries(lockfile.packages).filter(
  ([path, { link }]) => path.includes('node_modules/') && !link,
);
const nameOf = (path: string) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

const { SHIPPED_FOLDERS, shippedPackages } = (await import(new URL('scripts/shipped.mjs', root).href)) as {
  SHIPPED_FOLDERS: readonly string[];
  shippedPackages: (lockfile: unknown, ...folders: readonly string[]) => Shipped[];
};

/** Licences that allow the image to be passed on with nothing but their texts. */
const ALLOWED_LICENCES = new Set([
  ...['MIT', 'MIT-0', 'Apache-2.0', 'ISC', '0BSD', 'BSD-2-Clause', 'BSD-3-Clause', 'Unlicense', 'BlueOak-1.0.0'],
  ...[
    'MIT OR Apache',
    'Apache-2.0 AND MIT',
    '(MIT AND BSD)',
    '(MIT AND Zlib)',
    '(MPL-2.0 OR Apache-2.0)',
    '(MIT OR CC0-1.0)',
  ],
]);

/**
 * Packages under MPL-2.0, which are passed on as they are: the licence then asks for nothing but its text and the place of
 * their sources, which the package itself names.
 */
const UNCHANGED_MPL = /^@resvg\/resvg-js(-|$)/;

function isAllowed({ name, license }: { readonly name: string; readonly license?: string | undefined }): boolean {
  return ALLOWED_LICENCES.has(license ?? '') || (license === 'MPL-2.0' && UNCHANGED_MPL.test(name));
}

async function manifests(): Promise<(readonly [path: string, Manifest])[]> {
  const folders = await Promise.all(
    ['apps', 'libs', 'services'].map(async (parent) =>
      (await readdir(new URL(parent, root))).map((name) => `${parent}/${name}/`),
    ),
  );
  const paths = ['', 'e2e/', 'bench/', ...folders.flat()].map((folder) => `${folder}package.json`);
  return Promise.all(paths.map(async (path) => [path, await json<Manifest>(path)] as const));
}

describe('the lockfile', () => {
  it('has a checksum for each package, so that no registry can replace one', () => {
    const without = installed.filter(([, { integrity }]) => !integrity?.startsWith('sha512-')).map(([path]) => path);
    expect(without).toEqual([]);
  });

  it('takes every package from the registry', () => {
    expect(installed.filter(([, { resolved }]) => resolved !== undefined && !resolved.startsWith('https://'))).toEqual(
      [],
    );
    expect(installed.length).toBeGreaterThan(100);
  });

  it('has no package with an install script that the workspace does not name', async () => {
    const { allowScripts = {} } = await json<Manifest>('package.json');
    const scripts = installed.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => nameOf(path));
    expect([...new Set(scripts)].sort()).toEqual(Object.keys(allowScripts).sort());
  });
});

describe('the manifests', () => {
  it('pin every dependency to one version of the registry', async () => {
    const loose: string[] = [];
    for (const [path, manifest] of await manifests()) {
      for (const kind of ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'] as const) {
        for (const [name, range] of Object.entries(manifest[kind] ?? {})) {
          const isOurs = name.startsWith('@opensync/') && range === '*';
          if (!isOurs && !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(range)) loose.push(`${path}: ${name}@${range}`);
        }
      }
    }
    expect(loose).toEqual([]);
  });
});

describe('what the image and `npm start` bring with them', () => {
  const shipped = shippedPackages(lockfile, ...SHIPPED_FOLDERS);

  it('includes what runs and nothing that only tests need', () => {
    const names = shipped.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['@nestjs/core', '@nats-io/transport-node', 'fastify', 'mongodb']));
    for (const name of ['jest', 'eslint', 'autocannon', 'fast-check']) expect(names).not.toContain(name);
  });

  it('has licences that allow it', () => {
    const others = shipped.filter((one) => !isAllowed(one));
    expect(others).toEqual([]);
  });

  it('runs no install script', () => {
    const scripts = shipped.filter(({ path }) => lockfile.packages[path]!.hasInstallScript).map(({ name }) => name);
    // One downloads libraries for graphics cards, one is an optional peer of a framework; the image is installed with --ignore-scripts.
    expect(scripts).toEqual(['onnxruntime-node', 'protobufjs']);
  });
});
