import { OPERATOR_KEY_MS, SCOPES, type Scope } from '@opensync/contracts';
import type { People } from '@opensync/testkit/access';
import { connectLog } from '../connection.ts';
import { KeyDirectory } from '../keys/index.ts';
import { setRole } from '../people/index.ts';

/** For tests: makes members and keys in the log, which takes less time than the command line. */
export async function openPeople(log: {
  servers: string;
  token: string | undefined;
}): Promise<People & AsyncDisposable> {
  const nc = await connectLog({ ...log, name: 'access-test' });
  const directory = await KeyDirectory.open(nc, {});
  await directory.ready();
  return {
    async member(email, workspace) {
      const made = await Promise.all(
        SCOPES.map((scope) =>
          directory.create({
            ...{ email, workspace, scopes: [scope], name: scope },
            ...(scope === 'operator' && { expiresAt: Date.now() + OPERATOR_KEY_MS }),
          }),
        ),
      );
      const keys = Object.fromEntries(made.map(({ key }, at) => [SCOPES[at], key])) as Record<Scope, string>;
      return { owner: made[0]!.record.owner, keys };
    },
    async setRole(email, role) {
      await directory.people.change(setRole('default', email, role));
    },
    async [Symbol.asyncDispose]() {
      await directory.close();
      await nc.close();
    },
  };
}
