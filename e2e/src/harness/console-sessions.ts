/** What would run if a page took stored text for HTML, an address or a script. Each sets `window.attacked`. */
export const ATTACKS: readonly string[] = [
  '<img src=x onerror="window.attacked=1">attack',
  '<script>window.attacked=1</script>attack',
  '"><svg/onload=window.attacked=1>attack',
  "'-(window.attacked=1)-'attack",
  '<iframe srcdoc="<script>parent.attacked=1</script>"></iframe>attack',
  '[attack](javascript:window.attacked=1)',
  '[attack](JaVaScRiPt&colon;window.attacked=1)',
  '![attack](https://evil.example/pixel.png)',
  '![attack](x"onerror="window.attacked=1)',
  '<a href="data:text/html,<script>opener.attacked=1</script>">attack</a>',
  '```"><img src=x onerror=window.attacked=1>\nattack\n```',
  '<math><mtext><table><mglyph><style><img src=x onerror=window.attacked=1></style></table></mtext></math>attack',
  '<form action="javascript:window.attacked=1"><button>attack</button></form>',
  '<style>@import "https://evil.example/x.css"</style>attack',
  '<base href="https://evil.example/">attack',
  '{{constructor.constructor("window.attacked=1")()}}attack',
  '\u001b]8;;javascript:window.attacked=1\u0007attack\u001b]8;;\u0007',
  '<!--><img src=x onerror=window.attacked=1>-->attack',
];

type Batch = { readonly sessions: readonly object[]; readonly messages: readonly object[] };

/** A session with everything that a page shows: Markdown, code, reasoning, calls with results, an edit, a failure. */
export function aSession(externalId: string): Batch {
  const of = (n: number, fields: object) => ({
    ...{
      sessionExternalId: externalId,
      externalId: `${externalId}-${n}`,
      createdAt: Date.UTC(2026, 10, 1) + n * 60_000,
    },
    ...fields,
  });
  return {
    sessions: [
      { externalId, title: 'Count the godwits', source: 'claude-code', projectName: 'estuary', model: 'opus' },
    ],
    messages: [
      of(0, { role: 'user', textContent: 'How many godwits are in the **estuary**?' }),
      of(1, {
        role: 'assistant',
        parts: [
          { type: 'reasoning', content: 'I need to count them.' },
          {
            type: 'text',
            content:
              '# Plan\n\n1. look\n2. count\n\n```ts\nconst birds = 12; // godwits\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |',
          },
          { type: 'tool-call', content: { toolName: 'Bash', args: { command: 'wc -l birds' }, id: 'call-1' } },
        ],
      }),
      of(2, {
        role: 'tool',
        parts: [
          {
            type: 'tool-result',
            content: { toolName: 'Bash', id: 'call-1', result: '\u001b[31mfailed\u001b[0m', isError: true },
          },
        ],
      }),
      of(3, {
        role: 'assistant',
        parts: [
          {
            type: 'tool-call',
            content: { toolName: 'Edit', args: { file_path: 'a.ts', old_string: 'a', new_string: 'b' }, result: 'ok' },
          },
        ],
      }),
      of(4, { role: 'assistant', textContent: 'There are twelve.' }),
    ],
  };
}

/** Attacks in every field that a page shows. */
export function aSessionOfAttacks(externalId: string): Batch {
  const all = ATTACKS.join('\n\n');
  const [one] = ATTACKS;
  return {
    sessions: [
      { externalId, title: one, source: one, projectName: one, projectPath: `/tmp/${one}`, model: one, provider: one },
    ],
    messages: [
      { sessionExternalId: externalId, externalId: 'a0', role: 'user', textContent: all, model: one },
      {
        ...{ sessionExternalId: externalId, externalId: 'a1', role: 'assistant', model: one },
        parts: [
          { type: 'text', content: all },
          { type: 'reasoning', content: all },
          {
            type: 'tool-call',
            content: {
              toolName: one,
              args: { command: all, file_path: one, old_string: all, new_string: one },
              result: all,
            },
          },
          { type: 'tool-call', content: { toolName: 'apply_patch', args: all } },
          { type: one, content: { [one!]: all } },
        ],
      },
      { sessionExternalId: externalId, externalId: 'a2', role: one, textContent: all },
      // Deeper than a parser of Markdown goes.
      { sessionExternalId: externalId, externalId: 'a3', role: 'user', textContent: `${'> '.repeat(2_900)}attack` },
    ],
  };
}

const BATCH = 500;

/** A session of so many messages, in batches. */
export function* manyMessages(externalId: string, count: number): Generator<Batch> {
  for (let from = 0; from < count; from += BATCH) {
    const messages = Array.from({ length: Math.min(BATCH, count - from) }, (_, n) => ({
      ...{
        sessionExternalId: externalId,
        externalId: `m${from + n}`,
        createdAt: Date.UTC(2026, 10, 2) + (from + n) * 1000,
      },
      role: (from + n) % 8 === 0 ? 'user' : 'assistant',
      textContent: `Message ${from + n}. ${'Some words of it. '.repeat(1 + ((from + n) % 9))}\n\n- one\n- two`,
    }));
    yield { sessions: from === 0 ? [{ externalId, title: 'Very long', source: 'codex-cli' }] : [], messages };
  }
}
