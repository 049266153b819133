import { sessionView, type SessionState } from '@opensync/contracts';
import { label, labelsText } from './labels.ts';

/** The labels of a session: its provider, and what people said of it as an evaluation case. */
export function sessionLabels(session: SessionState): string {
  const { provider, evalStatus, evalTags } = sessionView(session);
  return labelsText([
    ...(provider === null ? [] : [label('provider', provider)]),
    ...(evalStatus === null ? [] : [label('eval', evalStatus)]),
    ...evalTags.map((tag) => label('tag', tag)),
  ]);
}
