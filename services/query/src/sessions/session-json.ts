import type { SessionView } from '@opensync/contracts';

/** A session as the API shows it. OpenSync's clients read `id` from some answers and `_id` from others. */
export type SessionJson = SessionView & { readonly _id: string };

export function sessionJson(view: SessionView): SessionJson {
  return { _id: view.id, ...view };
}
