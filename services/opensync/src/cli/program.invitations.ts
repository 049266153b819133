import { Argument, InvalidArgumentError, Option, type Command } from 'commander';
import { hasAsciiDomain, ROLES, type Role } from '@opensync/contracts';
import { COMMAND } from './command-name.ts';
import { expiryOf } from './expiry.ts';
import { emailOf, roleOf, ROLES_HELP, workspaceArgument } from './people-syntax.ts';
import type { CommonArguments, SharedSyntax } from './shared-syntax.ts';

interface InviteArguments extends CommonArguments {
  readonly role: Role;
  readonly email?: string;
  readonly expires: string;
  readonly by?: string;
}

/** Adds the commands for invitations to those of workspaces. */
export function addInvitations(workspaces: Command, { dataDir, json, run }: SharedSyntax): void {
  const common = (command: Command) => command.addOption(dataDir()).addOption(json());

  common(
    workspaces
      .command('invite')
      .description('print a link with which one person becomes a member of a workspace, once')
      .addArgument(workspaceArgument())
      .addOption(
        new Option('-r, --role <role>', `one of ${ROLES.join(', ')}`)
          .argParser(roleOf)
          .default('member' satisfies Role),
      )
      .addOption(
        new Option('--email <email>', 'the only address that can accept it (default: anyone with the link)').argParser(
          addressOf,
        ),
      )
      .option('-e, --expires <when>', '12h, 7d or a date such as 2027-01-31; 30 days from now at most', '7d')
      .option(
        '-b, --by <user>',
        'e-mail or id of the owner or admin who invites; the invitation ends with their rights (default: an owner)',
      ),
  )
    .addHelpText(
      'after',
      `${ROLES_HELP}

Examples:
  $ ${COMMAND} workspaces invite default --email grace@example.com
  $ ${COMMAND} workspaces invite research --role viewer --expires 2d --json`,
    )
    .action(async (workspace: string, { role, email, expires, by, ...options }: InviteArguments) =>
      run(options, async (settings, context) => {
        const invitation = { workspace, role, email, expiresAt: expiryOf(expires, context.now), by };
        return (await import('./invitations.ts')).createInvitation(settings, invitation, context);
      }),
    );
  common(
    workspaces
      .command('invitations')
      .description('list the invitations to a workspace that nobody has accepted yet')
      .addArgument(workspaceArgument()),
  ).action(async (workspace: string, options: CommonArguments) =>
    run(options, async (settings, context) =>
      (await import('./invitations.ts')).listInvitations(settings, workspace, context),
    ),
  );
  common(
    workspaces
      .command('withdraw')
      .description('withdraw an invitation: nobody can accept it from then on')
      .addArgument(new Argument('<id>', 'id of the invitation, from `opensync workspaces invitations`')),
  ).action(async (id: string, options: CommonArguments) =>
    run(options, async (settings, context) =>
      (await import('./invitations.ts')).withdrawInvitation(settings, id, context),
    ),
  );
}

/** Two spellings of an international domain would be two users. */
function addressOf(text: string): string {
  const email = emailOf(text);
  if (hasAsciiDomain(email)) return email;
  throw new InvalidArgumentError('Write the domain in its ASCII form, such as ada@xn--bcher-kva.example.');
}
