import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { settingsSchema } from '@opensync/platform';
import { temporaryFolder } from '@opensync/testkit';
import { DCLinter } from 'dclint';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const COMPOSE_FILE = join(REPOSITORY, 'docker-compose.yml');

/** Settings of the all-in-one, of the image, or of none but the process itself. */
const NOT_OF_THE_CLUSTER = [
  'PORT',
  'HOST',
  'OPENSYNC_DATA_DIR',
  'OPENSYNC_METRICS_HOST',
  'OPENSYNC_KEY_DISPLAY',
  'OPENSYNC_SECRETS_DIR',
  'NATS_SERVER_BIN',
  'NATS_PORT',
  'OPENSYNC_MODEL_HUB',
  'OPENSYNC_MODEL_INSTALL',
  'OPENSYNC_SYNC',
  'OPENSYNC_PUBLISH',
];

/** One finding of the linter, whose own types do not resolve for ES modules. */
interface Finding {
  readonly rule: string;
  readonly type: 'error' | 'warning';
  readonly line: number;
  readonly message: string;
}

/** Violations of the schema of the Compose Specification, and other mistakes; not the linter's taste. */
function errorsOf(file: string): string[] {
  const linter = new DCLinter({
    rules: {
      // The API is for other machines, and every route asks for a key.
      'no-unbound-port-interfaces': 0,
    },
    quiet: true,
    debug: false,
    exclude: [],
  });
  const results: { readonly messages: readonly Finding[] }[] = linter.lintFiles([file], false);
  return results
    .flatMap(({ messages }) => messages)
    .filter(({ type }) => type === 'error')
    .map(({ rule, line, message }) => `${line}: ${rule}: ${message}`);
}

/** The variables that the compose file asks for. */
async function variables(): Promise<Set<string>> {
  const text = await readFile(COMPOSE_FILE, 'utf8');
  return new Set(Array.from(text.matchAll(/\$\{([A-Z_]+)/g), ([, name]) => name!));
}

describe('docker-compose.yml', () => {
  it('conforms to the Compose Specification', () => {
    expect(errorsOf(COMPOSE_FILE)).toEqual([]);
  });

  it('would not conform with an invalid key', async () => {
    await using folder = await temporaryFolder();
    const broken = join(folder.path, 'docker-compose.yml');
    const text = await readFile(COMPOSE_FILE, 'utf8');
    await writeFile(broken, text.replace('    stop_signal: SIGQUIT\n', '    stop_sign: SIGQUIT\n'));
    expect(errorsOf(broken)).toEqual([expect.stringContaining('invalid-schema')]);
  });

  it('pins every image that it does not build', async () => {
    const text = await readFile(COMPOSE_FILE, 'utf8');
    const images = Array.from(text.matchAll(/^ +image: (?!\$)(\S+)$/gm), ([, image]) => image!);
    expect(images).toHaveLength(5);
    for (const image of images) expect(image).toMatch(/:v?\d+\.\d[\w.-]*$/);
  });

  it('passes on every setting that concerns a cluster', async () => {
    const known = await variables();
    const wanted = Object.keys(settingsSchema.shape).filter((name) => !NOT_OF_THE_CLUSTER.includes(name));
    expect(wanted.filter((name) => !known.has(name))).toEqual([]);
  });

  it('uses only variables that .env.example explains, and that explains nothing else', async () => {
    const example = await readFile(join(REPOSITORY, '.env.example'), 'utf8');
    const explained = Array.from(example.matchAll(/^(?:# )?([A-Z_]+)=/gm), ([, name]) => name!);
    expect(explained.toSorted()).toEqual([...(await variables())].toSorted());
  });
});
