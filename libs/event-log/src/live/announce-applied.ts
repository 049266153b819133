import { appliedBodies, appliedSubject, type AppliedChange, type Owner } from '@opensync/contracts';
import type { LogConnection } from '../connection.ts';

/**
 * Tells the gateways what the documents of an owner now show. It waits for nobody and is stored nowhere: a gateway that
 * has missed an announcement reads the log. Call it before the events are acknowledged: then whatever is acknowledged
 * has been announced.
 */
export function announceApplied(nc: LogConnection, owner: Owner, changes: readonly AppliedChange[]): void {
  // Its batch is not acknowledged without a connection either, and is announced when it is processed again.
  if (nc.isClosed()) return;
  const subject = appliedSubject(owner);
  for (const body of appliedBodies(changes)) nc.publish(subject, body);
}
