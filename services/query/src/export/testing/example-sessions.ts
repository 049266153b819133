import { messageIdOf, sessionIdOf, type NewEvent, type Owner } from '@opensync/contracts';
import { aMessageSynced, aPartSynced, aSessionCurated, aSessionSynced } from '@opensync/testkit';

const START = Date.UTC(2026, 0, 15, 12);

interface Said {
  readonly role: string;
  readonly text?: string;
  readonly parts?: readonly { readonly type: string; readonly content?: unknown; readonly extra?: unknown }[];
  readonly fields?: Parameters<typeof aMessageSynced>[0];
}

/** The events of a session with these messages. */
export function eventsOf(
  owner: Owner,
  externalId: string,
  session: Parameters<typeof aSessionSynced>[0],
  said: readonly Said[],
): NewEvent[] {
  const sessionId = sessionIdOf(owner, externalId);
  const events: NewEvent[] = [aSessionSynced({ externalId, createdAt: START, ...session }, { owner, time: START })];
  for (const [at, { role, text, parts = [], fields }] of said.entries()) {
    const name = `${externalId}-m${at}`;
    const messageId = messageIdOf(sessionId, name);
    const time = START + at * 1_000;
    events.push(
      aMessageSynced(
        {
          externalId: name,
          sessionExternalId: externalId,
          role,
          createdAt: time,
          ...(text !== undefined && { textContent: text }),
          partCount: parts.length,
          ...fields,
        },
        { owner, time },
      ),
      ...parts.map(({ type, content, extra }, order) =>
        aPartSynced(
          {
            partId: `prt_${name}_${order}`,
            messageId,
            sessionId,
            order,
            type,
            content: content as never,
            ...(extra !== undefined && { extra: extra as never }),
          },
          { owner, time },
        ),
      ),
    );
  }
  return events;
}

/** Sessions as agents send them, with what is hard for some format. */
export function exampleSessions(owner: Owner): NewEvent[] {
  return [
    ...eventsOf(
      owner,
      'claude-1',
      {
        source: 'claude-code',
        title: 'Fix the failing login test',
        model: 'claude-sonnet-4-5',
        provider: 'anthropic',
        promptTokens: 2700,
        completionTokens: 280,
        projectName: 'billing-falcon',
        projectPath: '/home/ada/work/billing-falcon',
      },
      [
        { role: 'system', text: 'You are a careful engineer.' },
        { role: 'user', text: 'Fix the failing login test. It says {{ user }} is <b>unknown</b>, "quoted".' },
        {
          role: 'assistant',
          text: 'Let me look at it.',
          parts: [
            { type: 'reasoning', content: 'The test expects a session cookie.', extra: { signature: 'c2lnbmF0dXJl' } },
            { type: 'tool-call', content: { toolName: 'Read', args: { path: 'src/login.ts' }, id: 'call-1' } },
          ],
          fields: {
            model: 'claude-sonnet-4-5',
            promptTokens: 1200,
            completionTokens: 80,
            cacheReadTokens: 1000,
            cost: 0.01,
          },
        },
        {
          role: 'assistant',
          parts: [{ type: 'tool-call', content: { toolName: 'Bash', args: { command: 'npm test' }, id: 'call-2' } }],
        },
        // Both results in one message, which providers call the user's.
        {
          role: 'user',
          parts: [
            { type: 'tool-result', content: { result: '1 failed', tool_use_id: 'call-2', is_error: true } },
            { type: 'tool-result', content: { result: 'export const login = 1;', tool_use_id: 'call-1' } },
          ],
        },
        {
          role: 'assistant',
          text: 'The cookie was never set. Fixed:\n\n```ts\nsetCookie(session);\n```\n',
          fields: { model: 'claude-sonnet-4-5', promptTokens: 1500, completionTokens: 200 },
        },
        { role: 'user', text: '<system-reminder>The files have changed.</system-reminder>' },
        { role: 'user', text: 'Thanks! Explain why it failed.' },
        { role: 'assistant', text: 'Because the handler returned before the cookie was written.' },
      ],
    ),
    aSessionCurated(
      {
        externalId: 'claude-1',
        evalReady: true,
        evalStatus: 'golden',
        evalTags: ['login', 'tests'],
        evalNotes: 'Shows the root cause.',
        expectedOutput: 'It names the early return, not {{ user }}.',
      },
      { owner },
    ),
    ...eventsOf(
      owner,
      'codex-1',
      { source: 'codex-cli', title: '=HYPERLINK("http://evil.test")', model: 'gpt-5.2', createdAt: START - 1_000 },
      [
        { role: 'user', text: 'file:///etc/passwd\u2028is my question\r\nwith {% raw %} and {{ env.HOME }} in it' },
        {
          role: 'assistant',
          parts: [
            { type: 'tool-call', content: { toolName: 'shell', args: '{"cmd":["ls"]}', result: 'README.md\nsrc' } },
            { type: 'text', content: 'There are two entries.\n## Not a heading of ours\n<script>alert(1)</script>' },
          ],
        },
        { role: 'tool', parts: [{ type: 'tool-result', content: 'a result of no call' }] },
        { role: 'user', text: 'Is this answered?' },
      ],
    ),
    ...eventsOf(owner, 'empty-1', { source: 'opencode', title: 'Nothing said', createdAt: START - 2_000 }, []),
  ];
}
