import fc from 'fast-check';
import { decodeMessageCursor, decodeSessionCursor, encodeCursor } from './cursors.ts';

describe('cursors', () => {
  it('come back as they were, in characters that need no escape in a URL', () => {
    for (const cursor of [['createdAt', 'desc', 1_767_225_600_000, 'ses_0123'] as const]) {
      const encoded = encodeCursor([...cursor]);
      expect(encoded).toMatch(/^[\w-]+$/);
      expect(decodeSessionCursor(encoded)).toEqual(cursor);
    }
    expect(decodeMessageCursor(encodeCursor([5, 7]))).toEqual([5, 7]);
  });

  it('are refused, whatever else they are', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json().map((json) => Buffer.from(json).toString('base64url')),
        ),
        (cursor) => {
          expect(() => decodeSessionCursor(cursor)).toThrow(
            expect.objectContaining({
              code: 'INVALID_REQUEST',
              details: [expect.objectContaining({ path: 'cursor' })],
            }),
          );
        },
      ),
    );
    expect(() => decodeMessageCursor(encodeCursor(['createdAt', 'desc', 1, 'ses_1']))).toThrow('cursor');
  });
});
