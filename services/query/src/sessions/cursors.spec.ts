import { PositionCodec } from '@opensync/contracts';
import fc from 'fast-check';
import {
  decodeSessionCursor,
  decodeUpdateCursor,
  encodeCursor,
  encodeUpdateCursor,
  type UpdateCursor,
} from './cursors.ts';

const codec = new PositionCodec(() => ['test']);
const positions = codec.of('wsp_1');

describe('cursors', () => {
  it('round-trip, in characters that need no escaping in a URL', () => {
    for (const cursor of [['createdAt', 'desc', 1_767_225_600_000, 'ses_0123'] as const]) {
      const encoded = encodeCursor([...cursor]);
      expect(encoded).toMatch(/^[\w-]+$/);
      expect(decodeSessionCursor(encoded)).toEqual(cursor);
    }
    const walk: UpdateCursor = {
      order: 'asc',
      position: { value: 5, id: 'ses_0123' },
      sequence: 7,
      since: 3,
      changed: false,
      listed: ['0123abcd', 'zzzz0000'],
    };
    for (const cursor of [walk, { ...walk, listed: [], changed: true, position: { value: 0, id: '' } }]) {
      const encoded = encodeUpdateCursor(cursor, positions);
      expect(encoded).toMatch(/^[\w.-]+$/);
      expect(decodeUpdateCursor(encoded, positions)).toEqual(cursor);
      expect(() => decodeUpdateCursor(encoded, codec.of('wsp_2'))).toThrow('cursor');
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
            expect(() => decode(cursor, positions)).toThrow(
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
      expect(() => decodeUpdateCursor(cursor, positions)).toThrow('cursor');
    }
  });

  it('tell nothing of the log: a sequence in them is a position, and nothing else is taken for one', () => {
    const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const walk = { order: 'asc', position: { value: 5, id: 'ses_1' }, since: 3, changed: false, listed: [] } as const;
    const [one, next] = [1_000_001, 1_000_002].map((sequence) => encodeUpdateCursor({ ...walk, sequence }, positions));
    const text = Buffer.from(one!.split('.')[0]!, 'base64url').toString();
    expect(text).not.toContain('100000');
    expect(text).toMatch(/"pos_[\w-]{22}"/);
    expect(next).not.toBe(one);
    expect(() => decodeUpdateCursor(base64(['updatedAt', 'asc', 5, 'ses_1', 7, 3, false]), positions)).toThrow(
      'cursor',
    );
  });
});
