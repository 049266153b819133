import { sessionView, type SessionState } from '@opensync/contracts';
import type { SessionHeading } from '@opensync/stores';

/** What index rows repeat of a session. */
export function headingOf(session: SessionState): SessionHeading {
  const { title, projectName, projectPath, source, model, createdAt } = sessionView(session);
  return {
    title: title ?? '',
    projectName: projectName ?? '',
    projectPath: projectPath ?? '',
    source,
    model: model ?? '',
    createdAt,
  };
}
