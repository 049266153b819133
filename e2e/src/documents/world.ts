import { mkdir, readFile, symlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { jetstream } from '@nats-io/jetstream';
import { eventSubject } from '@opensync/contracts';
import { connectLog } from '@opensync/event-log';
import {
  anOwner,
  stablePort,
  startTestNats,
  temporaryFolder,
  type TemporaryFolder,
  type TestNats,
} from '@opensync/testkit';
import { readRuntime } from '../harness/runtime.ts';
import { Shell } from './shell.ts';

export const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url));

/** Ports in documents; each is replaced by a free one. */
const PORTS = ['3211', '3212', '3213', '3214', '3215'];

/** A machine of a person who follows the documents: a separate home, the node on PATH, and nothing of the workspace. */
export class World implements AsyncDisposable {
  readonly #home: TemporaryFolder;
  readonly #nats: TestNats;
  readonly #target: TestNats;
  readonly #ports: ReadonlyMap<string, string>;
  readonly #env: NodeJS.ProcessEnv;
  readonly #shells = new Map<string, Shell>();
  #key = '';

  private constructor(home: TemporaryFolder, nats: TestNats, target: TestNats, ports: ReadonlyMap<string, string>) {
    this.#home = home;
    this.#nats = nats;
    this.#target = target;
    this.#ports = ports;
    const { PATH = '', LANG, NATS_SERVER_BIN, NODE_COMPILE_CACHE, XDG_CACHE_HOME } = process.env;
    const ofMachine = PATH.split(delimiter).filter((folder) => !folder.includes('node_modules'));
    this.#env = {
      PATH: [join(home.path, 'programs'), ...ofMachine].join(delimiter),
      LANG,
      NATS_SERVER_BIN,
      NODE_COMPILE_CACHE,
      HOME: home.path,
      // One nats-server that was fetched is enough.
      XDG_CACHE_HOME: XDG_CACHE_HOME ?? join(homedir(), '.cache'),
      PORT: ports.get('3211'),
      OPENSYNC_MODEL_INSTALL: 'off',
      NPM_CONFIG_UPDATE_NOTIFIER: 'false',
      // Nx may run this test: the inner one keeps its state separate.
      NX_DAEMON: 'false',
      NX_CACHE_DIRECTORY: join(home.path, 'nx'),
      NX_WORKSPACE_DATA_DIRECTORY: join(home.path, 'nx-data'),
    };
  }

  static async make(): Promise<World> {
    const home = await temporaryFolder();
    // The effect of `npm install -g claude-code-sync`.
    await mkdir(join(home.path, 'programs'));
    const plugin = join(REPOSITORY, 'node_modules', '.bin', 'claude-code-sync');
    await symlink(plugin, join(home.path, 'programs', 'claude-code-sync'));
    const ports = new Map<string, string>();
    for (const port of PORTS) ports.set(port, String(await stablePort()));
    const sync = { sync: 'always', maxPayload: 8 * 1024 * 1024 } as const;
    return new World(home, await startTestNats(sync), await startTestNats(sync), ports);
  }

  /** The shell of a document. Backups and the like go into the home, everything else runs in the clone. */
  shell(document: string): Shell {
    let shell = this.#shells.get(document);
    if (!shell) {
      const cwd = /^docs\/(operations|backup|runbooks\/.*)\.md$/.test(document) ? this.#home.path : REPOSITORY;
      shell = new Shell({ cwd, env: this.#env, folder: this.#home.path });
      this.#shells.set(document, shell);
    }
    return shell;
  }

  /** A command with a person's values for the placeholders of the document. */
  filledIn(command: string): string {
    let text = command
      .replaceAll('osk_…', this.#key)
      .replaceAll('nats://localhost:4222', this.#nats.url)
      .replaceAll('nats://nats.example.com:4222', this.#target.url)
      // An empty setting counts as not set: the stores are embedded.
      .replaceAll(/(MONGODB_URL|ELASTICSEARCH_URL|QDRANT_URL)=\S+/g, '$1=');
    for (const [port, free] of this.#ports) text = text.replaceAll(new RegExp(`\\b${port}\\b`, 'g'), free);
    return text;
  }

  /** Remembers the key for plugins that the first start made. */
  async takeKey(): Promise<void> {
    this.#key ||= (await readFile(join(this.#home.path, '.opensync', 'plugin-key'), 'utf8')).trim();
  }

  /** Creates this many dead letters in the running all-in-one, like a publisher of invalid messages. */
  async publishNonsense(count: number): Promise<void> {
    const { natsUrl, natsToken } = await readRuntime(join(this.#home.path, '.opensync'));
    const nc = await connectLog({ servers: natsUrl, token: natsToken, name: 'test' });
    for (let at = 0; at < count; at++) await jetstream(nc).publish(eventSubject(anOwner(), 'session'), 'nonsense');
    await nc.close();
  }

  /** Stops everything that the documents have started; resolves with the exit codes. */
  async stop(): Promise<{ command: string; code: number }[]> {
    const ended = await Promise.all([...this.#shells.values()].map((shell) => shell.stop()));
    return ended.flat();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#shells.values()].map((shell) => shell.close()));
    await Promise.all([this.#nats.stop(), this.#target.stop()]);
    await this.#home.remove();
  }
}
