import { INGEST_ROUTES } from '@opensync/ingest/api-routes';
import type { ApiRoute } from '@opensync/platform/api-document';
import { QUERY_ROUTES } from '@opensync/query/api-routes';

/** The whole API document. */
export const API_ROUTES: readonly ApiRoute[] = [...INGEST_ROUTES, ...QUERY_ROUTES];
