import { isoTime, type ExportSession } from '../record.ts';

/** What people see of a session above its messages: names and values, without those that are empty. */
export function propertiesOf(session: ExportSession): readonly (readonly [name: string, value: string])[] {
  const rows: [string, string][] = [
    ['Tool', session.source],
    ['Project', session.projectName ?? session.projectPath ?? ''],
    ['Model', session.model ?? ''],
    ['Tokens', `${session.promptTokens} in, ${session.completionTokens} out`],
    ['Cost', `$${session.cost.toFixed(4)}`],
    ['Date', isoTime(session.createdAt)],
    ['Verdict', session.evalStatus ?? ''],
    ['Tags', session.evalTags.join(', ')],
  ];
  return rows.filter(([, value]) => value !== '');
}
