import type { PartView } from '@opensync/contracts';
import { textOf } from './session-json.ts';

describe('textOf', () => {
  const parts: Pick<PartView, 'type' | 'content'>[] = [
    { type: 'text', content: 'one' },
    { type: 'tool-call', content: { toolName: 'bash' } },
    { type: 'text', content: 'two' },
    { type: 'text', content: { odd: true } },
  ];

  it('is the message’s own text, but for an empty one beside parts that hold the words', () => {
    expect(textOf('own', parts)).toBe('own');
    expect(textOf('', parts)).toBe('one\ntwo');
    expect(textOf('', [])).toBe('');
  });

  it('is the text of its text parts where it has none', () => {
    expect(textOf(null, parts)).toBe('one\ntwo');
  });

  it('is null where there are no words', () => {
    expect(textOf(null, [parts[1]!])).toBeNull();
  });
});
