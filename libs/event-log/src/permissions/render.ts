import { LOG_USERS, permissionsOf, type LogUser } from './users.ts';

/** The variable of nats-server's configuration with the password of a user. */
export function passwordVariable(user: LogUser): string {
  return `NATS_PASSWORD_${user.toUpperCase()}`;
}

/** Where a container of docker-compose.yml finds its secrets, as seen from the folder of its configuration. */
export const PASSWORDS_FILE = '../../run/opensync/passwords.conf';

/** The users of nats-server's configuration. Their passwords are variables, which another file defines. */
export function renderUsers(): string {
  return `# Written by npm run generate from libs/event-log/src/permissions: who may do what on the event log.
include ${PASSWORDS_FILE}
authorization {
  users: [
${LOG_USERS.map(renderUser).join('\n')}
  ]
}
`;
}

function renderUser(user: LogUser): string {
  const { publish, deny, subscribe } = permissionsOf(user);
  const denied = deny.length > 0 ? `\n          deny: ${list(deny)}` : '';
  return `    {
      user: ${user}
      password: $${passwordVariable(user)}
      permissions: {
        publish: {
          allow: ${list(publish)}${denied}
        }
        subscribe: {
          allow: ${list(subscribe)}
        }
      }
    }`;
}

function list(subjects: readonly string[]): string {
  if (subjects.length === 0) return '[]';
  return `[\n${subjects.map((subject) => `            ${JSON.stringify(subject)}`).join('\n')}\n          ]`;
}
