import fc from 'fast-check';
import { NO_LINEAGE } from '../lineage.ts';
import type { ExportMessage, ExportSession } from '../record.ts';
import { csvCell } from './csv.ts';
import { escapeHtml, html } from './html.ts';
import { fenced, inertMarkdown } from './markdown.ts';
import type { RenderOptions } from './format.ts';

const options: RenderOptions = {
  turnMode: 'per_turn',
  contextChars: 0,
  includeSystem: true,
  includeTools: true,
  codeOnly: false,
  includeMetadata: true,
  exportedAt: 0,
  isSingle: true,
};

/** Reads one line of RFC 4180 as spreadsheets do. */
function cellsOf(line: string): string[] {
  const cells: string[] = [];
  for (const [, quoted, plain, end] of line.matchAll(/(?:"((?:[^"]|"")*)"|([^,]*))(,|$)/g)) {
    cells.push(quoted === undefined ? plain! : quoted.replaceAll('""', '"'));
    if (end === '') break;
  }
  return cells;
}

describe('a cell of a table', () => {
  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '\n=1', ' =1', '\u00a0=1', '＝1', '％', '|calc', '%0A=1'])(
    'is no formula: %j',
    (text) => {
      if (text === '％') return expect(csvCell(text)).toBe(text);
      expect(cellsOf(csvCell(text))[0]).toMatch(/^'/);
    },
  );

  it('is read as one cell with its text, without control characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        const cell = csvCell(text);
        const cells = cellsOf(`${cell},next`);
        expect(cells).toHaveLength(2);
        expect(cells[0]).not.toMatch(/^[\s\u00a0\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]/);
        expect(cells[0]).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
        const kept = text.replaceAll('\r\n', '\n').replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, ' ');
        expect(cells[0]!.replace(/^'/, '')).toBe(kept.startsWith("'") ? kept.slice(1) : kept);
      }),
    );
  });

  it('has numbers as they are', () => expect([csvCell(-1), csvCell(0.5), csvCell(null)]).toEqual(['-1', '0.5', '']));
});

describe('HTML', () => {
  const attack = `<script>alert(1)</script><img src=x onerror=alert(1)>"'></pre></div><!-- \u0000\u202e`;
  const session = {
    title: attack,
    source: attack,
    projectName: attack,
    model: attack,
    createdAt: 0,
    cost: 0,
    evalTags: [attack],
    evalStatus: null,
  };
  const message = {
    role: 'assistant',
    text: attack,
    reasoning: attack,
    toolCalls: [{ id: '1', name: attack, args: { [attack]: attack }, result: { content: attack } }],
    toolResults: [{ content: [attack] }],
    media: [{ mediaType: attack, name: attack }],
    createdAt: 0,
    shortened: 0,
  };

  it('has no tag of a session in it, and a policy that lets nothing run or load', async () => {
    async function* one() {
      yield message as unknown as ExportMessage;
    }
    const pieces = await Array.fromAsync(html.rows(session as unknown as ExportSession, one(), options, NO_LINEAGE));
    const page = [
      html.head!(options),
      ...pieces.filter((piece) => typeof piece === 'string'),
      html.foot!(options),
    ].join('');
    const tags = new Set(Array.from(page.matchAll(/<\/?([a-z!][a-z0-9-]*)/gi), ([, name]) => name!.toLowerCase()));
    expect([...tags].sort()).toEqual([
      '!doctype',
      'article',
      'body',
      'dd',
      'details',
      'div',
      'dl',
      'dt',
      'h1',
      'h2',
      'head',
      'html',
      'meta',
      'p',
      'pre',
      'section',
      'style',
      'summary',
      'time',
      'title',
    ]);
    for (const [tag] of page.matchAll(/<[^>]*>/g)) expect(tag).not.toMatch(/ (?:src|href|on\w+)=/);
    expect(page).toContain(`content="default-src 'none'; style-src 'sha256-`);
    expect(page.match(/&lt;script&gt;/g)!.length).toBeGreaterThanOrEqual(10);
  });

  it('escapes any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(escapeHtml(text)).not.toMatch(/[<>"']|&(?!(?:amp|lt|gt|quot|#39);)/);
      }),
    );
  });
});

describe('Markdown', () => {
  it.each([
    ['<img src=x onerror=alert(1)>', '&lt;img src=x onerror=alert(1)>'],
    ['![pixel](https://evil.test/p.png)', '!\\[pixel](https://evil.test/p.png)'],
    ['[click](javascript:alert(1))', '[click]\\(javascript:alert(1))'],
    ['[click]( data:text/html,x)', '[click]\\(data:text/html,x)'],
    ['[x]: javascript:alert(1)', '[x]\\: javascript:alert(1)'],
    ['> - [x]: javascript:alert(1)', '> - [x]\\: javascript:alert(1)'],
    ['[docs](https://example.com/a)', '[docs](https://example.com/a)'],
    ['# Assistant', '### Assistant'],
    ['Assistant\n---', 'Assistant\n\\---'],
    ['```html\n<b>code</b>\n```', '```html\n<b>code</b>\n```'],
    // The next message is not part of the code.
    ['```js\nunfinished <b>', '```js\nunfinished <b>\n```'],
    // A fence within a list ends with the list: what follows is no code.
    ['- item\n  ```\n<script>', '- item\n  ```\n&lt;script>'],
    ['```a`b\n<script>', '```a`b\n&lt;script>'],
    ['````\n```\n<b>\n````\n<script>', '````\n```\n<b>\n````\n&lt;script>'],
    ['\u001b[31mred\u0000', '[31mred'],
  ])('of %j is inert', (text, expected) => expect(inertMarkdown(text)).toBe(expected));

  it('has HTML only within a fence that is open', () => {
    const line = fc.constantFrom('```', '~~~', '````', '- a', '  ```', '<b>', '> ```', '    ```', 'text', '```x', '');
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
        let fence: string | undefined;
        for (const one of inertMarkdown(lines.join('\n')).split('\n')) {
          const [, mark, rest] = /^(`{3,}|~{3,})(.*)$/.exec(one) ?? [];
          const closing = /^ {0,3}(`{3,}|~{3,})\s*$/.exec(one)?.[1];
          if (fence === undefined) {
            expect(one).not.toContain('<');
            if (mark !== undefined && !rest!.includes('`')) fence = mark;
          } else if (closing?.startsWith(fence)) fence = undefined;
        }
        expect(fence).toBeUndefined();
      }),
    );
  });

  it('fences what it quotes so that it cannot get out', () => {
    expect(fenced('a ````` b', 'json')).toBe('``````json\na ````` b\n``````');
  });
});
