import Sequencer from '@jest/test-sequencer';

/** The longest, so that none of them is still running when all others have ended. */
const LONGEST = ['durability', 'all-in-one.documents', 'memory', 'outages'];

/**
 * The longest first, then by name. In compose all spec files share one installation, and the one that leaves a backlog behind for
 * the indexers goes last.
 */
export default class SuiteSequencer extends Sequencer {
  sort(tests) {
    const isShared = process.env.OPENSYNC_E2E_TARGET === 'compose';
    const place = (path) => {
      if (isShared) return path.includes('durability') ? 1 : 0;
      return LONGEST.some((name) => path.includes(`/${name}.`)) ? 0 : 1;
    };
    const key = ({ path }) => `${place(path)} ${path}`;
    return [...tests].sort((one, other) => (key(one) < key(other) ? -1 : 1));
  }
}
