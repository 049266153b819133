import { lacksDocuments } from './partial.ts';
import { FIRST_RECORD } from './records.ts';

describe('an index', () => {
  it.each([
    ['is being filled', { fill: { token: 'a' } }, '1', true],
    ['is fed by a consumer that was created again', { feed: '1' }, '2', true],
    ['is fed by its consumer', { feed: '1' }, '1', false],
    ['is fed by one that is not known', { feed: '1' }, undefined, false],
    ['was never fed', {}, '1', false],
  ])('is missing documents or not if it %s', (_what, fields, created, lacks) => {
    expect(lacksDocuments({ ...FIRST_RECORD, ...fields }, created)).toBe(lacks);
  });
});
