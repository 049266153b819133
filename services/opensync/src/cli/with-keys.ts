import { KeyDirectory, reconcileTopology, topologyOf } from '@opensync/event-log';
import type { Settings } from '@opensync/platform';
import type { Output } from './output.ts';
import { withTarget, type Target } from './target.ts';

/**
 * Runs `work` with the API keys and the users of an installation. Both can be made before the first start: the streams and buckets
 * are set up where they are missing.
 */
export async function withKeys(
  settings: Settings,
  { create, output }: { create: boolean; output: Output },
  work: (keys: KeyDirectory, target: Target) => Promise<number>,
): Promise<number> {
  return withTarget(settings, { create, note: output.note }, async (target) => {
    if (target.kind !== 'running') await reconcileTopology(target.nc, topologyOf(settings));
    const keys = await KeyDirectory.open(target.nc, { secret: settings.OPENSYNC_KEY_SECRET });
    try {
      await keys.ready();
      return await work(keys, target);
    } finally {
      await keys.close();
    }
  });
}
