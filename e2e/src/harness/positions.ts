import type { Owner, Positions } from '@opensync/contracts';
import { connectLog } from '@opensync/event-log';
import { KeyDirectory } from '@opensync/event-log/keys';
import type { Api } from './api.ts';
import type { Target } from './target.ts';

/** Who has a key, and how their workspace names sequences of the log: what the product knows and its clients do not. */
export async function readHolder(target: Target, { key }: Api): Promise<{ owner: Owner; positions: Positions }> {
  const nc = await connectLog({ ...(await target.log()), name: 'e2e' });
  try {
    const keys = await KeyDirectory.open(nc);
    await keys.ready();
    const { owner } = keys.find(key)!;
    await keys.close();
    return { owner, positions: keys.positions.of(owner.workspaceId) };
  } finally {
    await nc.close();
  }
}
