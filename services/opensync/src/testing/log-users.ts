import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import {
  inboxPrefixOf,
  LOG_USERS,
  PASSWORDS_FILE,
  passwordVariable,
  type LogUser,
} from '@opensync/event-log/permissions';
import { startTestNats, type TestNats } from '@opensync/testkit';

const USERS_FILE = new URL('../../../../deploy/nats/users.conf', import.meta.url);

/** A nats-server with the users of docker-compose.yml. */
export interface NatsWithUsers extends TestNats {
  /** With the user's password. */
  readonly urlOf: (user: LogUser) => string;
  /** How a service connects as its user. */
  readonly envOf: (user: LogUser) => NodeJS.ProcessEnv;
}

export async function startNatsWithUsers(): Promise<NatsWithUsers> {
  const passwords = new Map(LOG_USERS.map((user) => [user, randomBytes(16).toString('hex')]));
  const variables = LOG_USERS.map((user) => `${passwordVariable(user)}: "${passwords.get(user)}"\n`);
  const users = await readFile(USERS_FILE, 'utf8');
  const configuration = users.replace(`include ${PASSWORDS_FILE}\n`, variables.join(''));
  const nats = await startTestNats({ configuration, maxPayload: 8 * 1024 * 1024 });
  const urlOf = (user: LogUser) => nats.url.replace('//', `//${user}:${passwords.get(user)}@`);
  const envOf = (user: LogUser) => ({
    NATS_URL: urlOf(user),
    NATS_INBOX_PREFIX: inboxPrefixOf(user),
    OPENSYNC_LOG_KEEPER: user === 'keeper' ? 'self' : 'other',
  });
  return Object.assign(nats, { urlOf, envOf });
}
