import { sessionView, type SessionState } from '@opensync/contracts';
import { label, labelsText, WITH_ERRORS } from './labels.ts';

/** The labels of a session: its provider, where it comes from, whether tools failed, and its verdict and tags as an evaluation case. */
export function sessionLabels(session: SessionState): string {
  const { provider, evalStatus, evalTags, parentId, forkedFromId } = sessionView(session);
  return labelsText([
    ...(provider === null ? [] : [label('provider', provider)]),
    ...(evalStatus === null ? [] : [label('eval', evalStatus)]),
    ...(session.rollup?.hasErrors ? [WITH_ERRORS] : []),
    ...[parentId, forkedFromId].flatMap((id) => (id === null ? [] : [label('parent', id)])),
    ...evalTags.map((tag) => label('tag', tag)),
  ]);
}
