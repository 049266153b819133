import { succeeds, type PartState } from '@opensync/platform';
import { UnusableStoreError, type StoreDescription, type StoreName } from './description.ts';
import type { Stores } from './adapters.ts';
import type { StorePosition } from './position/port.ts';
import { storeProblem } from './problems.ts';

export type StoreReport = { readonly kind: StoreName } & (
  | (StoreDescription & {
      /** Optional: it may have none, and older versions do not report it. */
      readonly position?: StorePosition | undefined;
      /** Optional: only for documents, as in Reaching. */
      readonly reach?: number | undefined;
    })
  | {
      readonly problem: string;
      /** Optional: true if the stored data is unusable. */
      readonly isUnusable?: true;
    }
);

/** Each store's report, or why it has none. */
export async function describeStores(stores: Partial<Stores>): Promise<StoreReport[]> {
  return Promise.all(
    (Object.keys(stores) as StoreName[]).map(async (kind) => {
      try {
        const store: Stores[StoreName] = stores[kind]!;
        const reach = kind === 'documents' ? await stores[kind]!.reach() : undefined;
        return { kind, ...(await store.describe()), position: await store.position(), reach };
      } catch (error) {
        const isUnusable = error instanceof UnusableStoreError;
        return { kind, problem: storeProblem(error), ...(isUnusable && { isUnusable }) };
      }
    }),
  );
}

/** Owns nothing: looking up one of its ids uses the whole path to the index and returns nothing. */
const NOBODY = { workspaceId: 'wsp_probe', userId: 'usr_probe' };
const PROBES: { readonly [Name in StoreName]: (store: Stores[Name]) => Promise<unknown> } = {
  documents: (store) => store.load(NOBODY, { sessions: ['ses_probe'] }),
  search: (store) => store.indexed(NOBODY, ['ses_probe']),
  vectors: (store) => store.indexed(NOBODY, ['ses_probe']),
};
const PROBE_MS = 1000;

/**
 * Whether each of these stores answers soon; one that does not is `down` if it is essential, otherwise `degraded`.
 * (describe() would count, which may take long on a large store.) A store that is being repaired is `degraded`.
 * @param partial those that answer but are known to be missing documents: `degraded`
 */
export async function storeStates(
  stores: Partial<Stores>,
  essential: readonly StoreName[],
  partial: readonly StoreName[] = [],
): Promise<Partial<Record<StoreName, PartState>>> {
  const states = await Promise.all(
    (Object.keys(stores) as StoreName[]).map(async (name): Promise<[StoreName, PartState]> => {
      let isPartial = partial.includes(name);
      const probing = probe(stores, name).then(async () => {
        isPartial ||= (await stores[name]!.position())?.repair !== undefined;
      });
      if (await succeeds(probing, PROBE_MS)) return [name, isPartial ? 'degraded' : 'up'];
      return [name, essential.includes(name) ? 'down' : 'degraded'];
    }),
  );
  return Object.fromEntries(states);
}

function probe<Name extends StoreName>(stores: Partial<Stores>, name: Name): Promise<unknown> {
  return PROBES[name](stores[name]!);
}
