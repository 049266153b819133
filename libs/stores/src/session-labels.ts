import { sessionView, type SessionState } from '@opensync/contracts';
import { label, labelsText, WITH_ERRORS } from './labels.ts';

/** The labels of a session: its provider, whether tools failed, and what people said of it as an evaluation case. */
export function sessionLabels(session: SessionState): string {
  const { provider, evalStatus, evalTags } = sessionView(session);
  return labelsText([
    ...(provider === null ? [] : [label('provider', provider)]),
    ...(evalStatus === null ? [] : [label('eval', evalStatus)]),
    ...(session.rollup?.hasErrors ? [WITH_ERRORS] : []),
    ...evalTags.map((tag) => label('tag', tag)),
  ]);
}
