import { AppError } from '@opensync/platform';
import { Turns } from './turns.ts';

/** Calls that end on request. */
function gates(turns: Turns) {
  const started: string[] = [];
  const call = (name: string) => {
    const gate = Promise.withResolvers<string>();
    const result = turns.take(() => {
      started.push(name);
      return gate.promise;
    });
    result.catch(() => undefined);
    return { ...gate, result };
  };
  return { started, call };
}

describe('Turns', () => {
  it('runs as many calls as allowed, and the others in order', async () => {
    const { started, call } = gates(new Turns(2));
    const [a, b, c, d] = [call('a'), call('b'), call('c'), call('d')] as const;
    expect(started).toEqual(['a', 'b']);
    b.resolve('of b');
    await expect(b.result).resolves.toBe('of b');
    expect(started).toEqual(['a', 'b', 'c']);
    a.reject(new TypeError('a bug is its own'));
    await expect(a.result).rejects.toThrow('a bug');
    expect(started).toEqual(['a', 'b', 'c', 'd']);
    c.resolve('');
    d.resolve('');
    await Promise.all([c.result, d.result]);
    const later = call('later');
    expect(started.at(-1)).toBe('later');
    later.resolve('');
  });

  it('fails waiting calls with one that found no responder, and continues with new ones', async () => {
    const { started, call } = gates(new Turns(1));
    const [a, b, c] = [call('a'), call('b'), call('c')] as const;
    a.reject(new AppError('UNAVAILABLE', 'no embedder answers'));
    for (const { result } of [a, b, c]) await expect(result).rejects.toThrow('no embedder answers');
    const d = call('d');
    expect(started).toEqual(['a', 'd']);
    d.resolve('of d');
    await expect(d.result).resolves.toBe('of d');
  });
});
