import { Argument, InvalidArgumentError, Option, type Command } from 'commander';
import { ROLES, type Role } from '@opensync/contracts';
import { COMMAND } from './command-name.ts';
import { emailOf, nameOf, roleOf, ROLES_HELP, workspaceArgument, workspaceNameOf } from './people-syntax.ts';
import { addInvitations } from './program.invitations.ts';
import type { CommonArguments, SharedSyntax } from './shared-syntax.ts';
import type { NewUser } from './users.ts';

/** Adds the commands that manage users, workspaces and memberships. */
export function addPeople(program: Command, shared: SharedSyntax): void {
  const { dataDir, json, targetHelp, run } = shared;
  const common = (command: Command) => command.addOption(dataDir()).addOption(json());
  const user = () => new Argument('<user>', 'e-mail or id of a user, from `opensync users list`');
  const roleOption = () =>
    new Option(
      '-r, --role <role>',
      `one of ${ROLES.join(', ')} (default: member; owner for the first member of a workspace)`,
    ).argParser(roleOf);

  const users = program
    .command('users')
    .description('list, add, rename and remove users')
    .addHelpText('after', targetHelp);
  common(users.command('list').description('list the users, with their workspaces and how many keys they have')).action(
    async (options: CommonArguments) =>
      run(options, async (settings, context) => (await import('./users.ts')).listUsers(settings, context)),
  );
  common(
    users
      .command('add')
      .description('add a user to a workspace')
      .addArgument(new Argument('<email>', 'e-mail address that no other user has').argParser(emailOf))
      .option('-n, --name <name>', 'name to show beside the e-mail', nameOf)
      .option(
        '-w, --workspace <workspace>',
        'name or id of the workspace (default: the one that every installation has, at first named default)',
      )
      .addOption(roleOption())
      .addOption(
        new Option(
          '--id <id>',
          'id of the former user, to keep their sessions after the log was lost (default: a new id)',
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
        await run(options, async (settings, context) => (await import('./users.ts')).addUser(settings, added, context));
      },
    );
  common(
    users
      .command('rename')
      .description('change the name that is shown beside the e-mail of a user')
      .addArgument(user())
      .addArgument(new Argument('<name>', 'the new name').argParser(nameOf)),
  ).action(async (of: string, name: string, options: CommonArguments) =>
    run(options, async (settings, context) => (await import('./users.ts')).changeUser(settings, of, { name }, context)),
  );
  common(
    users
      .command('set-email')
      .description('change the e-mail of a user, who keeps keys and sessions')
      .addArgument(user())
      .addArgument(new Argument('<email>', 'the new e-mail address').argParser(emailOf)),
  ).action(async (of: string, email: string, options: CommonArguments) =>
    run(options, async (settings, context) =>
      (await import('./users.ts')).changeUser(settings, of, { email }, context),
    ),
  );
  common(
    users
      .command('remove')
      .description('remove a user from all workspaces and revoke the keys; sessions stay stored')
      .addArgument(user()),
  ).action(async (of: string, options: CommonArguments) =>
    run(options, async (settings, context) => (await import('./users.ts')).removeUser(settings, of, context)),
  );

  common(
    users
      .command('login-link')
      .description('print a link that logs a member in once, within 15 minutes, without a key')
      .addArgument(user())
      .option(
        '-w, --workspace <workspace>',
        'name or id of the workspace (default: the one that every installation has, at first named default)',
      )
      .option('--operator', 'the login may also operate the server, for 12 hours; its role must be owner or admin'),
  )
    .addHelpText(
      'after',
      `
Examples:
  $ ${COMMAND} users login-link ada@example.com
  $ ${COMMAND} users login-link ada@example.com --operator`,
    )
    .action(async (of: string, options: CommonArguments & { workspace?: string; operator?: true }) =>
      run(options, async (settings, context) =>
        (await import('./login-link.ts')).createLoginLink(
          settings,
          { user: of, workspace: options.workspace, isOperator: options.operator ?? false },
          context,
        ),
      ),
    );

  const workspaces = program
    .command('workspaces')
    .description('manage workspaces, their members, the roles of members, and invitations')
    .addHelpText(
      'after',
      `${ROLES_HELP}
${targetHelp}`,
    );
  common(workspaces.command('list').description('list the workspaces, with their owners')).action(
    async (options: CommonArguments) =>
      run(options, async (settings, context) => (await import('./workspaces.ts')).listWorkspaces(settings, context)),
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
      run(options, async (settings, context) =>
        (await import('./workspaces.ts')).addWorkspace(settings, { name, owner: options.owner }, context),
      ),
    );
  common(
    workspaces
      .command('rename')
      .description('change the name of a workspace; ids, keys and sessions stay as they are')
      .addArgument(workspaceArgument())
      .addArgument(new Argument('<name>', 'the new name').argParser(workspaceNameOf)),
  ).action(async (of: string, name: string, options: CommonArguments) =>
    run(options, async (settings, context) =>
      (await import('./workspaces.ts')).renameWorkspace(settings, { workspace: of, name }, context),
    ),
  );
  common(
    workspaces.command('members').description('list the members of a workspace').addArgument(workspaceArgument()),
  ).action(async (of: string, options: CommonArguments) =>
    run(options, async (settings, context) => (await import('./workspaces.ts')).listMembers(settings, of, context)),
  );
  common(
    workspaces
      .command('add-member')
      .description('make a user a member of a workspace')
      .addArgument(workspaceArgument())
      .addArgument(user())
      .addOption(roleOption()),
  )
    .addHelpText('after', ROLES_HELP)
    .action(async (of: string, who: string, options: CommonArguments & { role?: Role }) =>
      run(options, async (settings, context) =>
        (await import('./workspaces.ts')).addMember(
          settings,
          { workspace: of, user: who, role: options.role },
          context,
        ),
      ),
    );
  common(
    workspaces
      .command('set-role')
      .description('change the role of a member; it applies from the next request of each key')
      .addArgument(workspaceArgument())
      .addArgument(user())
      .addArgument(new Argument('<role>', `one of ${ROLES.join(', ')}`).argParser(roleOf)),
  )
    .addHelpText('after', ROLES_HELP)
    .action(async (of: string, who: string, role: Role, options: CommonArguments) =>
      run(options, async (settings, context) =>
        (await import('./workspaces.ts')).setRole(settings, { workspace: of, user: who, role }, context),
      ),
    );
  common(
    workspaces
      .command('remove-member')
      .description('remove a member from a workspace and revoke the keys for it; sessions stay stored')
      .addArgument(workspaceArgument())
      .addArgument(user()),
  ).action(async (of: string, who: string, options: CommonArguments) =>
    run(options, async (settings, context) =>
      (await import('./workspaces.ts')).removeMember(settings, { workspace: of, user: who }, context),
    ),
  );
  addInvitations(workspaces, shared);
}

function userIdOf(text: string): string {
  if (/^usr_[0-9a-z]{26}$/.test(text)) return text;
  throw new InvalidArgumentError('Expected `usr_` followed by 26 lower-case letters or digits.');
}
