import {
  APPLIED_SUBJECTS,
  parseApplied,
  parseAppliedSubject,
  type AppliedChange,
  type Owner,
} from '@opensync/contracts';
import type { Msg } from '@nats-io/transport-node';
import type { LogConnection } from '../connection.ts';

export interface AppliedListener {
  /** Whether anybody is interested in this workspace: otherwise its announcements are not even parsed. */
  readonly wants: (workspaceId: string) => boolean;
  readonly onApplied: (owner: Owner, changes: readonly AppliedChange[]) => void;
  /** The connection is back: announcements may have been missed since it was lost. */
  readonly onGap: () => void;
}

/** Hears the announcements of all projectors; returns a function that ends it. */
export function hearApplied(nc: LogConnection, listener: AppliedListener): () => void {
  const onMessage = (message: Msg) => {
    const owner = parseAppliedSubject(message.subject);
    if (owner && listener.wants(owner.workspaceId)) listener.onApplied(owner, parseApplied(jsonOf(message)));
  };
  const subscription = nc.subscribe(APPLIED_SUBJECTS, {
    callback: (error, message) => {
      if (!error) onMessage(message);
    },
  });
  const unlink = nc.link.onChange((up) => up && listener.onGap());
  return () => {
    unlink();
    if (!nc.isClosed()) subscription.unsubscribe();
  };
}

function jsonOf(message: Msg): unknown {
  try {
    return message.json();
  } catch {
    return undefined;
  }
}
