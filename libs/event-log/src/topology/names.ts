import type { Projection } from '@opensync/contracts';

/** The streams. EVENTS and the PAYLOADS that it refers to are the only source of truth; all others can be recreated. */
export const STREAM = {
  events: 'EVENTS',
  changes: 'CHANGES',
  payloads: 'PAYLOADS',
  deadLetters: 'DLQ',
  access: 'ACCESS',
  pictures: 'PICTURES',
} as const;

/** A durable consumer: which stream it reads, and the name under which the server keeps its position. */
export interface ConsumerRef {
  readonly stream: string;
  readonly durable: string;
}

/** The consumer of each projection, named after it. */
export const CONSUMER = {
  documents: { stream: STREAM.events, durable: 'documents' },
  search: { stream: STREAM.changes, durable: 'search' },
  vectors: { stream: STREAM.changes, durable: 'vectors' },
} as const satisfies Record<Projection, ConsumerRef>;

/** KV bucket of API keys. */
export const KEY_BUCKET = 'apikeys';

/** KV bucket of the logins of people, and of links that log in once: see `logins/records.ts`. */
export const LOGIN_BUCKET = 'logins';

/** KV bucket of the record of each store's life: see `libs/stores/src/life`. */
export const GENERATION_BUCKET = 'generations';

/** KV bucket of the deliveries that are being processed alone: see `consume/suspects.ts`. */
export const SUSPECT_BUCKET = 'suspects';

/** KV bucket of the owners whose payloads are to be removed: see `removal/pending.ts`. */
export const REMOVAL_BUCKET = 'removals';

/** KV bucket of what is known of backups: see `backups/records.ts`. */
export const BACKUP_BUCKET = 'backups';
/** KV bucket of the record of each job: see `jobs/record.ts`. */
export const JOB_BUCKET = 'jobs';

/** KV bucket of what users and workspaces have chosen: see `wrapped/preferences.ts`. */
export const PREFERENCE_BUCKET = 'preferences';

/** KV bucket of the summaries that were made and sent: see `wrapped/ledger.ts`. */
export const SUMMARY_BUCKET = 'summaries';

/** KV bucket of the record of each erasure: see `erasure/records.ts`. */
export const ERASURE_BUCKET = 'erasures';

/** KV bucket of what workspaces have used on each day: see `rates/keep-use.ts`. */
export const USE_BUCKET = 'use';

/** The object store in which earlier versions kept payloads. Read if it exists, never created. */
export const FORMER_PAYLOADS = { bucket: 'payloads', stream: 'OBJ_payloads' } as const;
