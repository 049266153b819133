import { PROJECTIONS } from '@opensync/contracts';
import type { LogConnection } from '@opensync/event-log';
import type { ConsumerStatusOptions } from '@opensync/event-log/observe';
import { lacksDocuments, recordNow } from '@opensync/stores';

/** Whether the index that a consumer feeds, which has the same name, is missing documents. */
export function lacksDocumentsIn(nc: LogConnection): ConsumerStatusOptions['lacksDocuments'] {
  return async (consumer, created) => {
    const store = PROJECTIONS.find((name) => name === consumer);
    const record = store && (await recordNow(nc, store).catch(() => undefined));
    return record !== undefined && lacksDocuments(record, created);
  };
}
