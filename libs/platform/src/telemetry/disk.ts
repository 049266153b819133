import { statfs } from 'node:fs/promises';
import { gauge, type Registry } from './metrics.ts';
import { METRIC } from './names.ts';

/** Shows how much space the disk of the data folder has. */
export function observeDisk(metrics: Registry, folder: string): void {
  gauge(metrics, METRIC.diskFree, async () => {
    const { bavail, bsize } = await statfs(folder);
    return [{ value: bavail * bsize }];
  });
  gauge(metrics, METRIC.diskSize, async () => {
    const { blocks, bsize } = await statfs(folder);
    return [{ value: blocks * bsize }];
  });
}
