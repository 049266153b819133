import type { Owner } from './owner.ts';

/** What an API key may do: `ingest` writes, `read` reads, `admin` both and manages keys. */
export const SCOPES = ['ingest', 'read', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** Who a request acts for. */
export interface Principal {
  readonly owner: Owner;
  readonly keyId: string;
  readonly scopes: readonly Scope[];
}
