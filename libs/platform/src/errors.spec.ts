import { createContext, runInContext } from 'node:vm';
import { reasonOf, rootReasonOf } from './errors.ts';

const foreign = runInContext('new Error("from another realm", { cause: new Error("its cause") })', createContext({}));

describe('reasonOf', () => {
  it.each<[string, unknown, string]>([
    ['an error', new Error('disk full', { cause: new Error('ENOSPC') }), 'disk full'],
    ['an error of another realm', foreign, 'from another realm'],
    ['an error that was cloned to a plain object', { message: 'cloned' }, 'cloned'],
    ['a string', 'stopped', 'stopped'],
    ['undefined', undefined, 'undefined'],
    ['null', null, 'null'],
    ['an object whose message is not text', { message: 7 }, '[object Object]'],
  ])('returns the message of %s', (_, thrown, expected) => {
    expect(reasonOf(thrown)).toBe(expected);
  });
});

describe('rootReasonOf', () => {
  const refused = (address: string) =>
    Object.assign(new Error(`connect ECONNREFUSED ${address}`), { code: 'ECONNREFUSED' });
  const ofAddresses = Object.assign(new AggregateError([refused('::1:9200'), refused('127.0.0.1:9200')], ''), {
    code: 'ECONNREFUSED',
  });

  it.each<[string, unknown, string]>([
    ['an error without a cause', new Error('disk full'), 'disk full'],
    ['the innermost of several causes', new Error('a', { cause: new Error('b', { cause: new Error('c') }) }), 'c'],
    ['the error itself if its cause says nothing', new Error('fetch failed', { cause: new Error('') }), 'fetch failed'],
    ['the error itself if its cause is not an error', new Error('refused', { cause: 404 }), 'refused'],
    ['a cause of another realm', new Error('outer', { cause: foreign }), 'its cause'],
    [
      'the first of several addresses that were tried',
      new TypeError('fetch failed', { cause: ofAddresses }),
      'connect ECONNREFUSED ::1:9200',
    ],
    ['the code of an error that has nothing else', Object.assign(new Error(''), { code: 'EPIPE' }), 'EPIPE'],
    ['a value that is not an error', 42, '42'],
  ])('finds %s', (_, thrown, expected) => {
    expect(rootReasonOf(thrown)).toBe(expected);
  });
});
