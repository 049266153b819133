import { sessionView, type SessionState } from '@opensync/contracts';
import { sessionLabels, type SessionHeading } from '@opensync/stores';

/** The data that index rows repeat of a session. */
export function headingOf(session: SessionState): SessionHeading {
  const { title, projectName, projectPath, source, model, createdAt, visibility } = sessionView(session);
  return {
    title: title ?? '',
    projectName: projectName ?? '',
    projectPath: projectPath ?? '',
    source,
    model: model ?? '',
    createdAt,
    visibility,
    labels: sessionLabels(session),
  };
}

/**
 * Whether a session still has this heading, as far as it is given. Its version does not show that, because it grows
 * with every message: any message can change a derived value.
 */
export function hasHeading(session: SessionState, heading: Partial<SessionHeading>): boolean {
  const now: Readonly<Record<string, unknown>> = { ...headingOf(session) };
  return Object.entries(heading).every(([name, value]) => !(name in now) || now[name] === value);
}
