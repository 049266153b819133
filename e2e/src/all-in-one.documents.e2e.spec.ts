import { waitFor } from '@opensync/testkit';
import { faultsOf, unknownVariables } from './documents/existing-commands.ts';
import { KNOWN_COMMANDS, treatmentOf } from './documents/known-commands.ts';
import { commandsOf, documentsOf, type DocumentedCommand } from './documents/read-commands.ts';
import { COMMAND_TIMEOUT_MS } from './documents/shell.ts';
import { REPOSITORY, World } from './documents/world.ts';

const documents = documentsOf(REPOSITORY);
const commands = documents.flatMap((document) => commandsOf(REPOSITORY, document));
const titled = (command: DocumentedCommand) => `${command.document}:${command.line} ${command.text}`;
/** The commands of a document that run; a repeated command runs once. */
const runnable = (document: string) => {
  const run = commands.filter((command) => {
    const { kind } = treatmentOf(command)?.treatment ?? {};
    return command.document === document && (kind === 'run' || kind === 'start');
  });
  return run.filter(({ text }, at) => run.findIndex((earlier) => earlier.text === text) === at);
};

describe('the commands of the documents', () => {
  it('are found', () => {
    expect(commands.length).toBeGreaterThan(60);
    expect(commands.map(titled)).toEqual(expect.arrayContaining([expect.stringMatching(/^README\.md:\d+ npm start$/)]));
  });

  it('are all known: each one runs below, or has a reason why it cannot', () => {
    expect(commands.filter((command) => treatmentOf(command) === undefined).map(titled)).toEqual([]);
  });

  it('are the only ones that are known', () => {
    const used = new Set(commands.map(treatmentOf));
    expect(KNOWN_COMMANDS.filter((known) => !used.has(known)).map(({ command }) => command.source)).toEqual([]);
  });
});

describe("existence of each command's program, subcommand, options, service and variables", () => {
  const unrun = commands.filter((command) => {
    const { kind } = treatmentOf(command)?.treatment ?? {};
    return kind === 'exists' || (kind === 'not run' && /^(opensync|npm|docker) /.test(command.text));
  });

  it.each(unrun.map((command) => [titled(command), command.text]))('%s', (_title, text) => {
    expect(faultsOf(text)).toEqual([]);
  });

  it('in assignments, too', () => {
    expect(commands.flatMap(({ text }) => unknownVariables(text))).toEqual([]);
  });

  it.each([
    ['npm run nonsense', 'npm has no script nonsense'],
    ['npm nonsense', 'npm has no script nonsense'],
    ['npm install -g nonsense', 'nonsense is not tested'],
    ['opensync nonsense', 'opensync nonsense: no command nonsense'],
    ['opensync keys nonsense', 'opensync keys nonsense: no command keys nonsense'],
    ['opensync status --nonsense', 'opensync status --nonsense: no option --nonsense'],
    ['docker compose nonsense', 'docker compose has no command nonsense'],
    ['docker compose up --nonsense', 'docker compose up has no --nonsense'],
    ['docker compose restart queries', 'docker-compose.yml has no service queries'],
    ['docker compose up --scale queries=2', 'docker-compose.yml has no service queries'],
    ['docker compose run --rm cli nonsense', 'opensync nonsense: no command nonsense'],
  ])('is checked: %s', (text, fault) => {
    expect(faultsOf(text)).toEqual([fault]);
  });

  it('is checked: a variable', () => {
    expect(unknownVariables('PORT=1 NATS_URI=nats://a.example npm start')).toEqual(['NATS_URI']);
  });
});

/** Runs the commands of a document in its order, in one shell. */
function follow(document: string, world: () => World): void {
  const run = async (command: DocumentedCommand) => {
    const { treatment } = treatmentOf(command)!;
    const shell = world().shell(document);
    const text = world().filledIn(command.text);
    if (treatment.kind === 'start') {
      await shell.start(text, treatment.ready);
      await world().takeKey();
    } else if (treatment.kind === 'run') {
      const { code = 0, output = /^/, eventually = false } = treatment;
      const deadline = performance.now() + 15_000;
      let ran = await shell.run(text);
      while (eventually && !output.test(ran.output) && performance.now() < deadline) ran = await shell.run(text);
      expect(ran).toEqual({ code, output: expect.stringMatching(output) });
    }
  };
  it.each(runnable(document).map((command) => [titled(command), command] as const))(
    '%s',
    (_title, command) => run(command),
    COMMAND_TIMEOUT_MS + 10_000,
  );
}

describe('a person who follows the documents on a machine with only Node and npm', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.make();
  });
  afterAll(() => world?.[Symbol.asyncDispose]());

  describe('README.md', () => follow('README.md', () => world));

  describe('docs/operations.md, on the installation of README.md', () => {
    beforeAll(async () => {
      await world.publishNonsense(12);
      const letters = async () => (await world.shell('README.md').run('opensync dlq list --json')).output;
      await waitFor(async () => (JSON.parse(await letters()) as unknown[]).length === 12, { timeoutMs: 30_000 });
    });
    follow('docs/operations.md', () => world);
  });

  describe('docs/access.md, on the installation of README.md', () => follow('docs/access.md', () => world));

  describe('docs/login.md, on the installation of README.md', () => follow('docs/login.md', () => world));

  describe('docs/deploy-compose.md, on the installation of README.md', () =>
    follow('docs/deploy-compose.md', () => world));

  const runbooks = documents.filter((name) => name === 'docs/backup.md' || name.startsWith('docs/runbooks/'));
  describe.each(runbooks)('%s, on the installation of README.md', (name) => {
    // Operators have the command on their PATH; docs/operations.md says how.
    beforeAll(() => world.shell(name).run('export PATH="$HOME/.opensync/bin:$PATH"'));
    follow(name, () => world);
  });

  it('stops it cleanly', async () => {
    expect(await world.stop()).toEqual([{ command: 'npm start', code: 0 }]);
  });

  describe('docs/services.md', () => {
    follow('docs/services.md', () => world);

    it('starts services that answer, and stops them cleanly', async () => {
      const shell = world.shell('docs/services.md');
      const readiness = async () => (await shell.run(world.filledIn('curl -s localhost:3212/readyz'))).output;
      // An index that was started after its first documents is filled within seconds.
      await waitFor(async () => (await readiness()).includes('"status":"ok"'), { what: 'the indexes to be filled' });
      const ended = await world.stop();
      expect(ended.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0]);
    });
  });

  const others = documents.filter(
    (name) =>
      !/^(README|docs\/(access|backup|login|operations|deploy-compose|services|runbooks\/[\w-]+))\.md$/.test(name),
  );
  describe.each(others.filter((name) => runnable(name).length > 0))('%s', (name) => follow(name, () => world));
});
