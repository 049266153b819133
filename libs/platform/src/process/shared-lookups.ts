import dns from 'node:dns';

type Callback = (error: NodeJS.ErrnoException | null, ...answer: unknown[]) => void;
type Lookup = (name: string, options: unknown, callback?: Callback) => void;

const sharedOnes = new WeakSet<object>();

/**
 * Has each name looked up once at a time, for all who ask for it meanwhile. The system's resolver has no limit of time and takes ten
 * seconds for the name of a container that is gone, and Node runs as many lookups at once as half of its threads
 * (`UV_THREADPOOL_SIZE`): connections to a store that is away would keep those to all others waiting.
 * @param module for tests: whose `lookup` is replaced; default Node's, which sockets use
 */
export function shareLookups(module: { lookup: unknown } = dns): void {
  const original = module.lookup as Lookup;
  if (sharedOnes.has(original)) return;
  const underWay = new Map<string, Callback[]>();
  const shared: Lookup = (name, options, callback) => {
    const [given, answer] = typeof options === 'function' ? [{}, options as Callback] : [options, callback];
    // Node itself reports invalid arguments.
    if (typeof name !== 'string' || typeof answer !== 'function') return original(name, options, callback);
    const key = JSON.stringify([name, given]);
    const waiting = underWay.get(key);
    if (waiting) return void waiting.push(answer);
    const all = [answer];
    underWay.set(key, all);
    try {
      original(name, given, (error, ...found) => {
        underWay.delete(key);
        for (const one of all) one(error, ...found);
      });
    } catch (error) {
      underWay.delete(key);
      throw error;
    }
  };
  // `util.promisify` reads what the answer is from a property.
  module.lookup = Object.defineProperties(shared, Object.getOwnPropertyDescriptors(original));
  sharedOnes.add(shared);
}
