import fc from 'fast-check';
import { fairOrder } from './fair-order.ts';

const never = () => 0;
const sized = (sessionId: string, bytes: number) => ({ sessionId, bytes });

describe('fairOrder', () => {
  it('gives each session its turn, with the small documents of each first', () => {
    const documents = [sized('a', 900), sized('a', 1), sized('a', 50), sized('b', 7000), sized('c', 3), sized('c', 2)];
    expect(fairOrder(documents, never)).toEqual([
      sized('a', 1),
      sized('b', 7000),
      sized('c', 2),
      sized('a', 50),
      sized('c', 3),
      sized('a', 900),
    ]);
  });

  it('begins with the least recently worked session', () => {
    const turns: Record<string, number> = { a: 5, b: 2, c: 9 };
    const lastWorked = (id: string) => turns[id] ?? 0;
    const ordered = fairOrder(
      ['a', 'b', 'c', 'new'].map((id) => sized(id, 1)),
      lastWorked,
    );
    expect(ordered.map(({ sessionId }) => sessionId)).toEqual(['new', 'b', 'a', 'c']);
  });

  it('omits nothing, and puts no session behind more than one document of each other session', () => {
    const document = fc.record({ sessionId: fc.constantFrom('a', 'b', 'c', 'd'), bytes: fc.nat(1000) });
    fc.assert(
      fc.property(fc.array(document, { maxLength: 60 }), (documents) => {
        const ordered = fairOrder(documents, never);
        expect(new Set(ordered)).toEqual(new Set(documents));
        expect(ordered).toHaveLength(documents.length);
        const sessions = new Set(documents.map(({ sessionId }) => sessionId));
        const first = ordered.slice(0, sessions.size).map(({ sessionId }) => sessionId);
        expect(new Set(first)).toEqual(sessions);
      }),
    );
  });
});
