import {
  evolveMessage,
  evolvePart,
  type MessageSynced,
  type MessageWithParts,
  type PartSynced,
  type StoredEvent,
} from '@opensync/contracts';
import { aMessageSynced, aPartSynced } from '@opensync/testkit';
import { messageText } from './message-text.ts';

const payloads = { text: () => Promise.reject(new Error('nothing lies beside the log')) };

function aMessage(textContent: string, parts: readonly Partial<PartSynced>[]): MessageWithParts {
  const stored = (event: object, sequence: number) =>
    ({ ...event, id: `e${sequence}`, time: 1, sequence }) as StoredEvent;
  const data: Partial<MessageSynced> = { textContent, partCount: parts.length };
  const message = evolveMessage(undefined, stored(aMessageSynced(data), 1) as Parameters<typeof evolveMessage>[1]);
  const states = parts.map((part, order) =>
    evolvePart(undefined, stored(aPartSynced({ ...part, order }), order + 2) as Parameters<typeof evolvePart>[1]),
  );
  return { message, parts: states };
}

const texts = (...contents: string[]) => contents.map((content) => ({ type: 'text', content }));

describe('the words of a message', () => {
  it.each([
    ['its text', 'heron and egret', [], 'heron and egret'],
    ['its parts, where it has no text', '', texts('heron', 'egret'), 'heron\negret'],
    ['its text once, where a part repeats it', ' heron ', texts('heron'), ' heron '],
    [
      'its text once, where it is said by several parts',
      'heron\n\negret tern',
      texts('heron ', 'egret', 'tern'),
      'heron\n\negret tern',
    ],
    ['its text once, where several parts repeat it', 'heron', texts('heron', 'heron'), 'heron'],
    ['its text and what its parts say beside that', 'heron tern', texts('heron', 'egret', 'tern'), 'heron tern\negret'],
  ])('are %s', async (_, text, parts, expected) => {
    expect(await messageText(aMessage(text, parts), payloads)).toEqual({ text: expected, toolText: '' });
  });

  it('have the strings of tool calls apart, however many there are', async () => {
    const results = Array.from({ length: 200_000 }, (_, n) => `r${n}`);
    const message = aMessage('heron', [
      { type: 'tool-call', content: { toolName: 'Bash', args: { command: 'ls' } } },
      { type: 'tool-result', content: results },
    ]);
    const { text, toolText } = await messageText(message, payloads);
    expect(text).toBe('heron');
    expect(toolText.split('\n')).toEqual(['Bash', 'ls', ...results]);
  });

  it.each([
    ['ten thousand parts beside a text of many blanks', `heron${' '.repeat(2 ** 23)}egret`, 'heron'],
    ['ten thousand parts', '', 'a'.repeat(900)],
    ['ten thousand parts beside a long text that is much like them', 'a'.repeat(2 ** 20), 'a'.repeat(450)],
  ])('are made of %s in no time', async (_, text, beginning) => {
    const parts = texts(...Array.from({ length: 10_000 }, (_part, n) => `${beginning}${n}${'a'.repeat(450)}`));
    const message = aMessage(text, parts);
    const start = performance.now();
    const words = await messageText(message, payloads);
    // It took half a minute and more; the limit leaves room for a busy machine.
    expect(performance.now() - start).toBeLessThan(2_000);
    expect(words.text.split('\n').filter((line) => line !== text)).toHaveLength(10_000);
  });
});
