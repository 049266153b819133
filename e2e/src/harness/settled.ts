import { waitFor } from '@opensync/testkit';
import type { Api } from './api.ts';

/** How far an event has come. */
export interface Receipt {
  readonly sequence: number;
  readonly stored: boolean;
  readonly documents: boolean;
  readonly searchable: boolean;
  readonly embedded: boolean;
}

const TIMEOUT_MS = 120_000;

/** Resolves once the documents have this write and all earlier writes of anybody. */
export async function projected(api: Api, sequence: number): Promise<void> {
  await reached(api, sequence, 'documents');
}

/** Resolves once full text knows what was written under this sequence. */
export async function searchable(api: Api, sequence: number): Promise<void> {
  await reached(api, sequence, 'searchable');
}

/** Resolves once search by meaning knows it. */
export async function embedded(api: Api, sequence: number): Promise<void> {
  await reached(api, sequence, 'embedded');
}

async function reached(api: Api, sequence: number, stage: 'documents' | 'searchable' | 'embedded'): Promise<void> {
  await waitFor(async () => (await api.get<Receipt>(`/api/receipts/${sequence}`))[stage], {
    timeoutMs: TIMEOUT_MS,
    intervalMs: 20,
    what: `sequence ${sequence} to be ${stage}`,
  });
}
