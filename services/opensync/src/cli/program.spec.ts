/**
 * Replaces the modules of commands.
 * @jest-environment node
 */
import { jest } from '@jest/globals';
import type { CommanderError } from 'commander';
import type { CommandContext } from './shared-syntax.ts';

const now = Date.UTC(2026, 0, 15);
const output = { print: () => undefined, note: () => undefined };

/** What the commands were called with: name, settings, arguments, and whether to print JSON. */
let calls: unknown[][];

/** In place of a module of commands, functions that record their calls. */
function record(module: string, ...names: string[]): void {
  const recorder =
    (name: string) =>
    (...args: unknown[]) => {
      const { json, ...context } = args.pop() as CommandContext;
      expect(context).toEqual({ output, now });
      calls.push([name, ...args, json]);
      return Promise.resolve(0);
    };
  jest.unstable_mockModule(module, () => Object.fromEntries(names.map((name) => [name, recorder(name)])));
}
record('./keys.ts', 'createKey', 'listKeys', 'rotateKey', 'revokeKey');
record('./invitations.ts', 'createInvitation', 'listInvitations', 'withdrawInvitation');
record('./status.ts', 'status');
record('./doctor.ts', 'doctor');
record('./users.ts', 'listUsers', 'addUser', 'changeUser', 'removeUser');
record(
  './workspaces.ts',
  ...['listWorkspaces', 'addWorkspace', 'renameWorkspace', 'listMembers', 'addMember', 'setRole', 'removeMember'],
);
record('./dead-letters.ts', 'listDeadLetters', 'showDeadLetter', 'replayDeadLetters', 'dropDeadLetters');
record('./rebuild.ts', 'rebuild', 'cleanGenerations');
record('./transfer.ts', 'exportLog', 'importLog');
record('./export.ts', 'exportSessions');
record('./jobs.ts', 'listJobs', 'steerJob');
record('./usage.ts', 'showUsage');
record('./wrapped.ts', 'listWrapped', 'setWrapped');
const { createProgram } = await import('./program.ts');

/** Runs a command line against commands that record their calls. */
async function run(line: string, env: NodeJS.ProcessEnv = {}) {
  calls = [];
  const codes: number[] = [];
  let written = '';
  const program = createProgram({
    env,
    version: '1.2.3',
    now: () => now,
    output,
    start: (settings) => {
      calls.push(['start', settings]);
      return Promise.resolve(0);
    },
    onExitCode: (code) => codes.push(code),
  });
  const write = (text: string) => void (written += text);
  for (const command of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)]) {
    command.exitOverride().configureOutput({ writeOut: write, writeErr: write });
  }
  const failure = await program.parseAsync(line.split(' '), { from: 'user' }).then(
    () => undefined,
    (error: CommanderError) => error,
  );
  return { calls, codes, output: written, failure };
}

describe('the command line', () => {
  it('starts with settings from the environment, options above them', async () => {
    const { calls, codes } = await run('start --port 8080 -d /data', { PORT: '1', HOST: '0.0.0.0' });
    expect(calls).toEqual([
      ['start', expect.objectContaining({ PORT: 8080, HOST: '0.0.0.0', OPENSYNC_DATA_DIR: '/data' })],
    ]);
    expect(codes).toEqual([0]);
  });

  it('rejects an invalid setting by its name', async () => {
    const { failure, calls } = await run('start --port many');
    expect(failure?.message).toMatch(/^PORT: /);
    expect(calls).toEqual([]);
  });

  it('creates keys that write and read by default', async () => {
    const plain = await run('keys create --user ada@example.com --name laptop');
    expect(plain.calls[0]?.[2]).toEqual({
      user: 'ada@example.com',
      name: 'laptop',
      workspace: undefined,
      scopes: ['ingest', 'read'],
      expiresAt: undefined,
    });
    expect(plain.calls[0]?.[3]).toBe(false);

    const full = await run('keys create -u a@b.c -n ci -w team -s read,admin -e 2d --json');
    expect(full.calls[0]?.[2]).toEqual({
      user: 'a@b.c',
      name: 'ci',
      workspace: 'team',
      scopes: ['read', 'admin'],
      expiresAt: now + 2 * 86_400_000,
    });
    expect(full.calls[0]?.[3]).toBe(true);
  });

  it.each<[string, unknown[]]>([
    ['usage', ['showUsage', { days: 1, workspace: undefined }, false]],
    ['usage --days 7 -w team --json', ['showUsage', { days: 7, workspace: 'team' }, true]],
    ['wrapped list', ['listWrapped', false]],
    [
      'wrapped set -w team -u a@b.c -z Europe/Berlin --from 2027-01-31 --webhook none --editions day,week --hour 7',
      [
        'setWrapped',
        {
          ...{ workspace: 'team', user: 'a@b.c', zone: 'Europe/Berlin', from: '2027-01-31', webhook: '' },
          ...{ mail: undefined, editions: ['day', 'week'], hour: 7 },
        },
        false,
      ],
    ],
    ['jobs list --json', ['listJobs', true]],
    ['jobs run trash', ['steerJob', 'trash', 'run', false]],
    ['jobs pause trash', ['steerJob', 'trash', 'pause', false]],
    ['jobs resume trash --json', ['steerJob', 'trash', 'resume', true]],
    ['users list', ['listUsers', false]],
    [
      'users add a@b.c -n Ada -w team -r viewer --json',
      ['addUser', { userId: undefined, email: 'a@b.c', name: 'Ada', workspace: 'team', role: 'viewer' }, true],
    ],
    [
      `users add a@b.c --id usr_${'0'.repeat(26)}`,
      [
        'addUser',
        { userId: `usr_${'0'.repeat(26)}`, email: 'a@b.c', name: undefined, workspace: undefined, role: undefined },
        false,
      ],
    ],
    ['users rename a@b.c Ada', ['changeUser', 'a@b.c', { name: 'Ada' }, false]],
    ['users set-email usr_1 a@b.c', ['changeUser', 'usr_1', { email: 'a@b.c' }, false]],
    ['users remove a@b.c --json', ['removeUser', 'a@b.c', true]],
    ['workspaces list --json', ['listWorkspaces', true]],
    ['workspaces add team -o a@b.c', ['addWorkspace', { name: 'team', owner: 'a@b.c' }, false]],
    ['workspaces rename team crew', ['renameWorkspace', { workspace: 'team', name: 'crew' }, false]],
    ['workspaces members team', ['listMembers', 'team', false]],
    ['workspaces add-member team a@b.c', ['addMember', { workspace: 'team', user: 'a@b.c', role: undefined }, false]],
    ['workspaces set-role team a@b.c owner', ['setRole', { workspace: 'team', user: 'a@b.c', role: 'owner' }, false]],
    ['workspaces remove-member team a@b.c', ['removeMember', { workspace: 'team', user: 'a@b.c' }, false]],
    [
      'workspaces invite team',
      [
        'createInvitation',
        { workspace: 'team', role: 'member', email: undefined, expiresAt: now + 7 * 86_400_000, by: undefined },
        false,
      ],
    ],
    [
      'workspaces invite team -r admin --email a@b.c -e 2d -b usr_1 --json',
      [
        'createInvitation',
        { workspace: 'team', role: 'admin', email: 'a@b.c', expiresAt: now + 2 * 86_400_000, by: 'usr_1' },
        true,
      ],
    ],
    ['workspaces invitations team --json', ['listInvitations', 'team', true]],
    ['workspaces withdraw inv_1', ['withdrawInvitation', 'inv_1', false]],
    ['keys rotate key_1', ['rotateKey', { id: 'key_1', overlapMs: 86_400_000 }, false]],
    ['keys rotate key_1 -o 0h --json', ['rotateKey', { id: 'key_1', overlapMs: 0 }, true]],
  ])('manages people: %s', async (line, [name, ...rest]) => {
    const { calls, codes, failure } = await run(line);
    expect(failure).toBeUndefined();
    expect(calls).toEqual([[name, expect.anything(), ...rest]]);
    expect(codes).toEqual([0]);
  });

  it('exports with the parameters of the API', async () => {
    const url = 'http://localhost:3211';
    const plain = { url, key: 'osk_1', file: undefined, overwrite: false, query: {} };
    expect((await run('export', { OPENSYNC_API_KEY: 'osk_1' })).calls).toEqual([['exportSessions', plain, false]]);
    const line =
      'export -f openai --turn-mode full --anonymize --without-tools --min-tokens 5 -F user=usr_1 -F a=b=c -o f --force --json -u http://h';
    expect((await run(line, { OPENSYNC_URL: 'http://other' })).calls).toEqual([
      [
        'exportSessions',
        {
          url: 'http://h',
          key: undefined,
          file: 'f',
          overwrite: true,
          query: {
            user: 'usr_1',
            a: 'b=c',
            format: 'openai',
            turn_mode: 'full',
            min_tokens: '5',
            anonymize: 'true',
            include_tools: 'false',
          },
        },
        true,
      ],
    ]);
  });

  it.each([
    ['export -F user', /Expected name=value/],
    ['users add bob', /Expected an e-mail address/],
    ['users add a@b.c --id usr_1', /Expected `usr_` followed by 26/],
    ['users add a@b.c -r boss', /Expected one of owner, admin, member, viewer, analyst/],
    ['users set-email a@b.c bob', /Expected an e-mail address/],
    ['workspaces add wsp_team', /must not begin with wsp_/],
    [`workspaces add ${'x'.repeat(201)}`, /1 to 200 characters/],
    ['users rename a@b.c \u001b[31m', /no control characters/],
    ['workspaces set-role team a@b.c', /missing required argument 'role'/],
    ['keys create --name laptop', /required option '-u, --user <email>'/],
    ['keys create -u a@b.c -n ci -s write', /"write" is not one of ingest, read, admin/],
    ['keys create -u bob -n ci', /'bob' is invalid\. Expected an e-mail address/],
    ['keys revoke', /missing required argument 'id'/],
    ['keys rotate', /missing required argument 'id'/],
    ['keys rotate key_1 -o 24', /Expected a duration such as 12h/],
    ['workspaces invite', /missing required argument 'workspace'/],
    ['workspaces invite team -r boss', /Expected one of owner, admin, member, viewer, analyst/],
    ['workspaces invite team --email bob', /Expected an e-mail address/],
    ['workspaces invite team --email ada@bücher.example', /in its ASCII form/],
    ['workspaces withdraw', /missing required argument 'id'/],
    ['dance', /unknown command 'dance'/],
  ])('rejects `%s` and says why', async (line, reason) => {
    const { failure, output, calls } = await run(line);
    expect(failure?.exitCode).toBe(1);
    expect(output).toMatch(reason);
    expect(calls).toEqual([]);
  });

  it.each([
    ['help keys create', 'Usage: opensync keys create [options]'],
    ['help rebuild search', 'Usage: opensync rebuild search [options]'],
    ['help dlq', 'Usage: opensync dlq [options] [command]'],
    ['help', 'Usage: opensync [options] [command]'],
  ])('prints the help of a command at any depth: %s', async (line, usage) => {
    const { output, failure } = await run(line);
    expect(failure).toBeUndefined();
    expect(output).toContain(usage);
  });

  it.each([
    ['help keys nothing', "opensync: unknown command 'keys nothing'\n(opensync keys --help lists the commands)\n"],
    ['help nothing', "opensync: unknown command 'nothing'\n(opensync --help lists the commands)\n"],
    ['keys', 'Usage: opensync keys [options] [command]'],
    ['keys nothing', "opensync: unknown command 'nothing'\n(opensync keys --help lists the commands)\n"],
    ['nothing', "opensync: unknown command 'nothing'\n(opensync --help lists the commands)\n"],
    [
      'keys create -u a@b -n c --nothing',
      "opensync: unknown option '--nothing'\n(opensync keys create --help lists the options)\n",
    ],
    ['dlq replay', 'opensync: name the ids of the dead letters, or add --all\n(opensync dlq replay --help lists'],
  ])('says after an error which help to read: %s', async (line, text) => {
    const { output, failure, calls } = await run(line);
    expect(failure?.exitCode).toBe(1);
    expect(output).toContain(text);
    expect(calls).toEqual([]);
  });

  it('has help with examples', async () => {
    const { output, failure } = await run('keys create --help');
    expect(failure?.exitCode).toBe(0);
    expect(output).toContain('--expires <when>');
    expect(output).toContain('$ opensync keys create --user ada@example.com --name laptop');
    expect((await run('--version')).output).toBe('1.2.3\n');
    expect((await run('version')).output).toContain('1.2.3');
  });
});
