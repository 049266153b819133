import { formsOf } from './word-forms.ts';

describe('formsOf', () => {
  it.each([
    ['updates', ['update', 'updated', 'updating']],
    ['updating', ['update', 'updates', 'updated']],
    ['stopped', ['stop', 'stops', 'stopping']],
    ['stop', ['stops', 'stopped', 'stopping']],
    ['resetting', ['reset', 'resets']],
    ['queries', ['query', 'queried', 'querying']],
    ['query', ['queries', 'queried', 'querying']],
    ['cookies', ['cookie']],
    ['boxes', ['box', 'boxed', 'boxing']],
    ['fixed', ['fix', 'fixing']],
    ['cache', ['caches', 'cached', 'caching']],
    ['deadlocks', ['deadlock', 'deadlocked']],
    ['matches', ['match', 'matched', 'matching']],
  ])('finds forms of %s', (word, forms) => {
    expect(formsOf(word)).toEqual(expect.arrayContaining(forms));
    expect(formsOf(word)).not.toContain(word);
    expect(formsOf(word).length).toBeLessThan(20);
  });

  it.each(['git', 'x86_64', 'größe', '东京', 'useState2', '1234'])('finds none of %s', (word) => {
    expect(formsOf(word)).toEqual([]);
  });

  it.each([
    ['status', 'statu'],
    ['class', 'clas'],
    ['redis', 'redi'],
    ['string', 'str'],
    ['bring', 'br'],
  ])('strips nothing from %s', (word, not) => expect(formsOf(word)).not.toContain(not));
});
