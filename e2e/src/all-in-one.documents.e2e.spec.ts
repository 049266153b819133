import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from '@opensync/testkit';
import { KNOWN_COMMANDS, treatmentOf } from './documents/known-commands.ts';
import { commandsOf, documentsOf, type DocumentedCommand } from './documents/read-commands.ts';
import { REPOSITORY, World } from './documents/world.ts';
import { OPENSYNC } from './harness/command.ts';

const documents = documentsOf(REPOSITORY);
const commands = documents.flatMap((document) => commandsOf(REPOSITORY, document));
const titled = (command: DocumentedCommand) => `${command.document}:${command.line} ${command.text}`;
const of = (document: string) =>
  commands.filter((command) => command.document === document && treatmentOf(command)?.treatment.kind !== 'not run');

describe('the commands of the documents', () => {
  it('are found', () => {
    expect(commands.length).toBeGreaterThan(60);
    expect(commands.map(titled)).toEqual(expect.arrayContaining([expect.stringMatching(/^README\.md:\d+ npm start$/)]));
  });

  it('are all known: each one runs below, or is named with the reason why it cannot', () => {
    expect(commands.filter((command) => treatmentOf(command) === undefined).map(titled)).toEqual([]);
  });

  it('are the only ones that are known', () => {
    const used = new Set(commands.map(treatmentOf));
    expect(KNOWN_COMMANDS.filter((known) => !used.has(known)).map(({ command }) => command.source)).toEqual([]);
  });
});

/** Runs the commands of a document in its order, in one shell. */
function follow(document: string, world: () => World): void {
  it.each(of(document).map((command) => [titled(command), command] as const))('%s', async (_title, command) => {
    const { treatment } = treatmentOf(command)!;
    const shell = world().shell(document);
    const text = world().filledIn(command.text);
    if (treatment.kind === 'exists') return expectToExist(command.text);
    if (treatment.kind === 'start') {
      world().takeKey(await shell.start(text, treatment.ready));
    } else if (treatment.kind === 'run') {
      const { code = 0, output = /^/ } = treatment;
      expect(await shell.run(text)).toEqual({ code, output: expect.stringMatching(output) });
    }
  });
}

/** The command and the options that a sentence names; `<command>`, `[store]` and `…` stand for anything. */
function expectToExist(text: string): void {
  const words = text.split(/\s+/);
  if (words[0] === 'npm') {
    const { scripts } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as { scripts: object };
    expect(Object.keys(scripts)).toContain(words[1] === 'run' ? words[2] : words[1]);
    return;
  }
  const named = words.slice(1).filter((word) => /^[a-z][a-z-]*$/.test(word));
  const help = (names: readonly string[]) =>
    spawnSync(process.execPath, [OPENSYNC, 'help', ...names], { encoding: 'utf8' }).stdout;
  let usage = help(named);
  // The last word may be an argument, of a command that takes one.
  if (usage === '') usage = help(named.slice(0, -1));
  expect(usage).toMatch(/^Usage: opensync \w/);
  if (!usage.startsWith(`Usage: opensync ${named.join(' ')}`)) expect(usage).not.toMatch(/^Usage: .*\[command\]/);
  for (const [option] of text.matchAll(/--[a-z-]+/g)) expect(usage).toContain(option);
}

describe('a person who follows the documents on a machine with nothing but Node and npm', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.make();
  });
  afterAll(() => world?.[Symbol.asyncDispose]());

  describe('README.md', () => follow('README.md', () => world));

  describe('docs/operations.md, on what README.md has started', () => {
    beforeAll(async () => {
      await world.publishNonsense(12);
      const letters = async () => (await world.shell('README.md').run('opensync dlq list --json')).output;
      await waitFor(async () => (JSON.parse(await letters()) as unknown[]).length === 12, { timeoutMs: 30_000 });
    });
    follow('docs/operations.md', () => world);
  });

  describe('docs/deploy-compose.md, on what README.md has started', () =>
    follow('docs/deploy-compose.md', () => world));

  it('stops it in good order', async () => {
    expect(await world.stop()).toEqual([{ command: 'npm start', code: 0 }]);
  });

  describe('docs/services.md', () => {
    follow('docs/services.md', () => world);

    it('makes services that answer, and stops them in good order', async () => {
      const { output } = await world.shell('docs/services.md').run(world.filledIn('curl -s localhost:3212/readyz'));
      expect(output).toContain('"status":"ok"');
      const ended = await world.stop();
      expect(ended.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    });
  });

  const others = documents.filter((name) => !/^(README|docs\/(operations|deploy-compose|services))\.md$/.test(name));
  describe.each(others.filter((name) => of(name).length > 0))('%s', (name) => follow(name, () => world));
});
