import type { Principal } from '@opensync/contracts';
import { FIELD } from '@opensync/platform/telemetry';
import type { Logger } from '@opensync/platform';

/**
 * Says who changes something on the server, before it is changed. As a warning, so that it is written whatever happens with
 * the usual level. Which request it was is in the log of API requests, too.
 */
export function recordOperation(
  logger: Logger,
  { workspaceId, userId, keyId }: Principal,
  operation: string,
  details: object,
): void {
  logger.warn({ operation, workspaceId, userId, [FIELD.keyId]: keyId, ...details }, `operator: ${operation}`);
}
