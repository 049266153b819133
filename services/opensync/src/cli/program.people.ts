import { Argument, InvalidArgumentError, Option, type Command } from 'commander';
import { ROLES, type Role } from '@opensync/contracts';
import { isEmail, type Settings } from '@opensync/platform';
import { COMMAND } from './command-name.ts';
import type { SharedSyntax } from './program.maintenance.ts';
import type { NewUser } from './users.ts';
import type { MemberSyntax } from './workspaces.ts';

/** What the commands about people do. As in Commands, each resolves with the exit code. */
export interface PeopleCommands {
  listUsers(settings: Settings, json: boolean): Promise<number>;
  addUser(settings: Settings, user: NewUser, json: boolean): Promise<number>;
  changeUser(
    settings: Settings,
    user: string,
    change: { readonly name: string } | { readonly email: string },
    json: boolean,
  ): Promise<number>;
  removeUser(settings: Settings, user: string, json: boolean): Promise<number>;
  listWorkspaces(settings: Settings, json: boolean): Promise<number>;
  addWorkspace(
    settings: Settings,
    workspace: { readonly name: string; readonly owner: string | undefined },
    json: boolean,
  ): Promise<number>;
  renameWorkspace(
    settings: Settings,
    change: { readonly workspace: string; readonly name: string },
    json: boolean,
  ): Promise<number>;
  listMembers(settings: Settings, workspace: string, json: boolean): Promise<number>;
  addMember(
    settings: Settings,
    member: MemberSyntax & { readonly role: Role | undefined },
    json: boolean,
  ): Promise<number>;
  setRole(settings: Settings, member: MemberSyntax & { readonly role: Role }, json: boolean): Promise<number>;
  removeMember(settings: Settings, member: MemberSyntax, json: boolean): Promise<number>;
}

interface CommonArguments {
  readonly dataDir?: string;
  readonly json?: true;
}

const LONGEST_NAME = 200;

const ROLES_HELP = `
Roles:
  owner    everything, and the only role that a workspace cannot be without
  admin    everything but what is for owners
  member   writes sessions, reads and deletes their own
  viewer   reads
  analyst  sees figures, and no text`;

/** Adds the commands that manage users, workspaces and memberships. */
export function addPeople(program: Command, commands: PeopleCommands, syntax: SharedSyntax): void {
  const settingsOf = ({ dataDir }: CommonArguments) => syntax.settingsFrom({ OPENSYNC_DATA_DIR: dataDir });
  const common = (command: Command) => command.addOption(syntax.dataDir()).addOption(syntax.json());
  const user = () => new Argument('<user>', 'e-mail or id of a user, from `opensync users list`');
  const workspace = () => new Argument('<workspace>', 'name or id of a workspace, from `opensync workspaces list`');
  const roleOption = () =>
    new Option(
      '-r, --role <role>',
      `one of ${ROLES.join(', ')} (default: member; of the first member: owner)`,
    ).argParser(roleOf);

  const users = program
    .command('users')
    .description('list, add, rename and remove users')
    .addHelpText('after', syntax.targetHelp);
  common(users.command('list').description('list the users, with their workspaces and how many keys they have')).action(
    async (options: CommonArguments) =>
      syntax.onExitCode(await commands.listUsers(settingsOf(options), options.json === true)),
  );
  common(
    users
      .command('add')
      .description('add a user to a workspace')
      .addArgument(new Argument('<email>', 'e-mail address that no other user has').argParser(emailOf))
      .option('-n, --name <name>', 'name to show beside the e-mail', nameOf)
      .option('-w, --workspace <workspace>', 'name or id of the workspace (default: the first one, named default)')
      .addOption(roleOption())
      .addOption(
        new Option(
          '--id <id>',
          'id of a user whose sessions are stored, after the log was lost (default: a new one)',
        ).argParser(userIdOf),
      ),
  )
    .addHelpText(
      'after',
      `${ROLES_HELP}

Examples:
  $ ${COMMAND} users add ada@example.com --name "Ada Lovelace"
  $ ${COMMAND} users add grace@example.com --workspace research --role analyst`,
    )
    .action(
      async (
        email: string,
        options: CommonArguments & { name?: string; workspace?: string; role?: Role; id?: string },
      ) => {
        const { id: userId, name, workspace, role } = options;
        const added: NewUser = { userId, email, name, workspace, role };
        syntax.onExitCode(await commands.addUser(settingsOf(options), added, options.json === true));
      },
    );
  common(
    users
      .command('rename')
      .description('change the name that is shown beside the e-mail of a user')
      .addArgument(user())
      .addArgument(new Argument('<name>', 'the new name').argParser(nameOf)),
  ).action(async (of: string, name: string, options: CommonArguments) =>
    syntax.onExitCode(await commands.changeUser(settingsOf(options), of, { name }, options.json === true)),
  );
  common(
    users
      .command('set-email')
      .description('change the e-mail of a user, who keeps keys and sessions')
      .addArgument(user())
      .addArgument(new Argument('<email>', 'the new e-mail address').argParser(emailOf)),
  ).action(async (of: string, email: string, options: CommonArguments) =>
    syntax.onExitCode(await commands.changeUser(settingsOf(options), of, { email }, options.json === true)),
  );
  common(
    users
      .command('remove')
      .description('remove a user from all workspaces and revoke the keys; sessions stay stored')
      .addArgument(user()),
  ).action(async (of: string, options: CommonArguments) =>
    syntax.onExitCode(await commands.removeUser(settingsOf(options), of, options.json === true)),
  );

  const workspaces = program
    .command('workspaces')
    .description('list, add and rename workspaces, and say who is a member with which role')
    .addHelpText(
      'after',
      `${ROLES_HELP}
${syntax.targetHelp}`,
    );
  common(workspaces.command('list').description('list the workspaces, with their owners')).action(
    async (options: CommonArguments) =>
      syntax.onExitCode(await commands.listWorkspaces(settingsOf(options), options.json === true)),
  );
  common(
    workspaces
      .command('add')
      .description('add a workspace')
      .addArgument(new Argument('<name>', 'name that no other workspace has').argParser(workspaceNameOf))
      .option('-o, --owner <user>', 'e-mail or id of the user who becomes its owner'),
  )
    .addHelpText(
      'after',
      `
Examples:
  $ ${COMMAND} workspaces add research --owner ada@example.com
  $ ${COMMAND} workspaces add-member research grace@example.com --role viewer`,
    )
    .action(async (name: string, options: CommonArguments & { owner?: string }) =>
      syntax.onExitCode(
        await commands.addWorkspace(settingsOf(options), { name, owner: options.owner }, options.json === true),
      ),
    );
  common(
    workspaces
      .command('rename')
      .description('change the name of a workspace; ids, keys and sessions stay as they are')
      .addArgument(workspace())
      .addArgument(new Argument('<name>', 'the new name').argParser(workspaceNameOf)),
  ).action(async (of: string, name: string, options: CommonArguments) =>
    syntax.onExitCode(
      await commands.renameWorkspace(settingsOf(options), { workspace: of, name }, options.json === true),
    ),
  );
  common(workspaces.command('members').description('list the members of a workspace').addArgument(workspace())).action(
    async (of: string, options: CommonArguments) =>
      syntax.onExitCode(await commands.listMembers(settingsOf(options), of, options.json === true)),
  );
  common(
    workspaces
      .command('add-member')
      .description('make a user a member of a workspace')
      .addArgument(workspace())
      .addArgument(user())
      .addOption(roleOption()),
  )
    .addHelpText('after', ROLES_HELP)
    .action(async (of: string, who: string, options: CommonArguments & { role?: Role }) =>
      syntax.onExitCode(
        await commands.addMember(
          settingsOf(options),
          { workspace: of, user: who, role: options.role },
          options.json === true,
        ),
      ),
    );
  common(
    workspaces
      .command('set-role')
      .description('change the role of a member; it holds for the next request of each key')
      .addArgument(workspace())
      .addArgument(user())
      .addArgument(new Argument('<role>', `one of ${ROLES.join(', ')}`).argParser(roleOf)),
  )
    .addHelpText('after', ROLES_HELP)
    .action(async (of: string, who: string, role: Role, options: CommonArguments) =>
      syntax.onExitCode(
        await commands.setRole(settingsOf(options), { workspace: of, user: who, role }, options.json === true),
      ),
    );
  common(
    workspaces
      .command('remove-member')
      .description('remove a member from a workspace and revoke the keys for it; sessions stay stored')
      .addArgument(workspace())
      .addArgument(user()),
  ).action(async (of: string, who: string, options: CommonArguments) =>
    syntax.onExitCode(
      await commands.removeMember(settingsOf(options), { workspace: of, user: who }, options.json === true),
    ),
  );
}

export function emailOf(text: string): string {
  if (isEmail(text)) return text;
  throw new InvalidArgumentError('It is not an e-mail address.');
}

function nameOf(text: string): string {
  const name = text.trim();
  if (name === '' || name.length > LONGEST_NAME || /\p{Cc}/u.test(name)) {
    throw new InvalidArgumentError(`A name has 1 to ${LONGEST_NAME} characters and no control characters.`);
  }
  return name;
}

/** What could be taken for an id or an e-mail would find something else than it names. */
export function workspaceNameOf(text: string): string {
  const name = nameOf(text);
  if (/^wsp_/.test(name)) throw new InvalidArgumentError('A name must not begin with wsp_, as ids do.');
  return name;
}

function userIdOf(text: string): string {
  if (/^usr_[0-9a-z]{26}$/.test(text)) return text;
  throw new InvalidArgumentError('It is not an id such as usr_ and 26 letters and digits.');
}

function roleOf(text: string): Role {
  const role = ROLES.find((name) => name === text);
  if (role) return role;
  throw new InvalidArgumentError(`It is not one of ${ROLES.join(', ')}.`);
}
