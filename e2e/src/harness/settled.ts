import { waitFor } from '@opensync/testkit';
import type { Api } from './api.ts';

/** How far an event has come. */
export interface Receipt {
  readonly sequence: string;
  readonly stored: boolean;
  readonly documents: boolean;
  readonly searchable: boolean;
  readonly embedded: boolean;
}

const TIMEOUT_MS = 120_000;

/** Resolves once the documents have this write and all earlier writes of anybody. */
export async function projected(api: Api, position: string): Promise<void> {
  await reached(api, position, 'documents');
}

/** Resolves once full text knows what was written under this position. */
export async function searchable(api: Api, position: string): Promise<void> {
  await reached(api, position, 'searchable');
}

/** Resolves once search by meaning knows it. */
export async function embedded(api: Api, position: string): Promise<void> {
  await reached(api, position, 'embedded');
}

async function reached(api: Api, position: string, stage: 'documents' | 'searchable' | 'embedded'): Promise<void> {
  await waitFor(async () => (await api.get<Receipt>(`/api/receipts/${position}`))[stage], {
    timeoutMs: TIMEOUT_MS,
    intervalMs: 20,
    what: `the write at ${position} to be ${stage}`,
  });
}
