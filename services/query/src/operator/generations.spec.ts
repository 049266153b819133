import { generationsOf } from './generations.ts';

it('says which generation is live, what is kept, and how far the next one is', () => {
  const [documents, search, vectors] = generationsOf(
    {
      documents: {
        ...{ live: 3, kept: [1, 2], lease: { worker: 'x7@web-1:42', beat: 9 } },
        rebuild: { generation: 4, position: 250, run: 'r' },
      },
      search: {
        live: 2,
        kept: [],
        rebuild: { generation: 3, position: { owner: 'a', sessions: 7 }, run: 'r' },
        fill: { token: 't' },
      },
    },
    { lastSequence: 1_000 },
  );
  expect(documents).toEqual({
    ...{ store: 'documents', live: 3, kept: [1, 2], model: null, isFilling: false, worker: 'web-1:42' },
    next: { generation: 4, done: 0.25, sessions: null },
  });
  expect(search).toMatchObject({ isFilling: true, worker: null, next: { generation: 3, done: null, sessions: 7 } });
  expect(vectors).toMatchObject({ live: 1, kept: [], next: null });
});

it('is at most done, also when the log has become shorter or is empty', () => {
  const done = (lastSequence: number) =>
    generationsOf(
      { documents: { live: 1, kept: [], rebuild: { generation: 2, position: 9, run: 'r' } } },
      { lastSequence },
    )[0]!.next!.done;
  expect([done(3), done(0)]).toEqual([1, null]);
});
