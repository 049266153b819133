import { LOG_USERS, permissionsOf, type LogUser } from './users.ts';

/** How long a user may answer a request: replaying a dead letter may wait for the embedder. */
const ANSWER_WITHIN = '5m';

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
  const { publish, deny, subscribe, answers } = permissionsOf(user);
  const denied = deny.length > 0 ? `\n          deny: ${list(deny)}` : '';
  const responses = answers > 0 ? `\n        allow_responses: { max: ${answers}, expires: "${ANSWER_WITHIN}" }` : '';
  return `    {
      user: ${user}
      password: $${passwordVariable(user)}
      permissions: {
        publish: {
          allow: ${list(publish)}${denied}
        }
        subscribe: {
          allow: ${list(subscribe)}
        }${responses}
      }
    }`;
}

function list(subjects: readonly string[]): string {
  if (subjects.length === 0) return '[]';
  return `[\n${subjects.map((subject) => `            ${JSON.stringify(subject)}`).join('\n')}\n          ]`;
}
