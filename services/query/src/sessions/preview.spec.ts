import type { MediaReference } from '@opensync/contracts';
import fc from 'fast-check';
import { contentUrl, cutJson, cutText } from './preview.ts';

const size = (value: unknown) => JSON.stringify(value).length;

describe('a cut text', () => {
  it('is its beginning, without half of a character or of a token', () => {
    expect(cutText('abc', 3)).toBeUndefined();
    expect(cutText('abcd', 3)).toBe('abc');
    expect(cutText('ab👍', 3)).toBe('ab');
    const media: MediaReference[] = [{ sha256: 'a'.repeat(64), size: 1, mediaType: 'image/png' }];
    const text = `see opensync:media/${'a'.repeat(64)}/0 and more`;
    expect(cutText(text, 20, media)).toBe('see ');
    expect(cutText(text, 20)).toBe(text.slice(0, 20));
  });
});

describe('a cut value', () => {
  it('keeps its form as far as there is room', () => {
    const call = { toolName: 'Write', args: { path: 'a', text: 'x'.repeat(1_000) }, result: 'ok' };
    expect(cutJson(call, 5_000)).toBeUndefined();
    expect(cutJson(call, 100)).toEqual({
      toolName: 'Write',
      args: { path: 'a', text: expect.stringMatching(/^x{40,80}$/) },
    });
    expect(cutJson('x'.repeat(300), 100)).toBe('x'.repeat(100));
    expect(
      (
        cutJson(
          Array.from({ length: 1_000 }, () => 1),
          100,
        ) as number[]
      ).length,
    ).toBeLessThan(30);
    expect(cutJson(null, 100)).toBeUndefined();
  });

  it('is short, whatever the value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.integer({ min: 0, max: 200 }), (value, most) => {
        const cut = cutJson(value, most);
        if (cut === undefined) return;
        expect(size(cut)).toBeLessThanOrEqual(size(value));
      }),
    );
    const wide = Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`name ${n}`, ['x'.repeat(50), { n }]]));
    expect(size(cutJson(wide, 1_000))).toBeLessThan(3_000);
  });
});

it('a link names the message, the part and what of it', () => {
  expect(contentUrl('ses_1', 'msg_1')).toBe('/api/sessions/ses_1/messages/msg_1/content');
  expect(contentUrl('ses_1', 'msg_1', { part: 2 })).toBe('/api/sessions/ses_1/messages/msg_1/content?part=2');
  expect(contentUrl('ses_1', 'msg_1', { part: 0, of: 'extra' })).toMatch(/content\?part=0&of=extra$/);
});
