import fc from 'fast-check';
import {
  decodeMessageCursor,
  decodeSessionCursor,
  decodeUpdateCursor,
  encodeCursor,
  encodeUpdateCursor,
  type UpdateCursor,
} from './cursors.ts';

describe('cursors', () => {
  it('round-trip, in characters that need no escaping in a URL', () => {
    for (const cursor of [['createdAt', 'desc', 1_767_225_600_000, 'ses_0123'] as const]) {
      const encoded = encodeCursor([...cursor]);
      expect(encoded).toMatch(/^[\w-]+$/);
      expect(decodeSessionCursor(encoded)).toEqual(cursor);
    }
    expect(decodeMessageCursor(encodeCursor([5, 7]))).toEqual([5, 7]);
    const walk: UpdateCursor = {
      order: 'asc',
      position: { value: 5, id: 'ses_0123' },
      sequence: 7,
      since: 3,
      changed: false,
      listed: ['0123abcd', 'zzzz0000'],
    };
    for (const cursor of [walk, { ...walk, listed: [], changed: true, position: { value: 0, id: '' } }]) {
      const encoded = encodeUpdateCursor(cursor);
      expect(encoded).toMatch(/^[\w.-]+$/);
      expect(decodeUpdateCursor(encoded)).toEqual(cursor);
    }
  });

  it('are rejected if they are anything else', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json().map((json) => Buffer.from(json).toString('base64url')),
        ),
        (cursor) => {
          for (const decode of [decodeSessionCursor, decodeUpdateCursor]) {
            expect(() => decode(cursor)).toThrow(
              expect.objectContaining({
                code: 'INVALID_REQUEST',
                details: [expect.objectContaining({ path: 'cursor' })],
              }),
            );
          }
        },
      ),
    );
    const created = encodeCursor(['createdAt', 'desc', 1, 'ses_1']);
    for (const cursor of [created, `${created}.`, `${created}.01234567`]) {
      expect(() => decodeUpdateCursor(cursor)).toThrow('cursor');
    }
    expect(() => decodeMessageCursor(encodeCursor(['createdAt', 'desc', 1, 'ses_1']))).toThrow('cursor');
  });
});
