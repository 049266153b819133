import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const runtimeSchema = z.object({ pid: z.number(), natsUrl: z.string(), natsToken: z.string().optional() });
export type Runtime = z.infer<typeof runtimeSchema>;

/** How the all-in-one that runs on a data folder can be reached. */
export async function readRuntime(dataDir: string): Promise<Runtime> {
  return runtimeSchema.parse(JSON.parse(await readFile(join(dataDir, 'runtime.json'), 'utf8')));
}
