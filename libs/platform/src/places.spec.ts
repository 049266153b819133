import { Places } from './places.ts';

const places = () => new Places({ total: 3, perHolder: 2, what: 'requests', retryAfter: 2 });

describe('Places', () => {
  it('refuses a holder beyond its share with 429, and serves others', () => {
    const some = places();
    const back = some.take('a');
    some.take('a');
    expect(() => some.take('a')).toThrow(expect.objectContaining({ code: 'RATE_LIMITED', retryAfter: 2 }));
    expect(() => some.take('b')).not.toThrow();
    back();
    back();
    some.take('a');
    expect(() => some.take('a')).toThrow('More than 2 requests of this API key are waiting');
  });

  it('refuses everybody with 503 when all places are taken', () => {
    const some = places();
    some.take('a');
    some.take('b');
    const back = some.take('c');
    expect(() => some.take('d')).toThrow(expect.objectContaining({ code: 'UNAVAILABLE', retryAfter: 2 }));
    back();
    expect(() => some.take('d')).not.toThrow();
  });
});
