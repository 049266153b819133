import Sequencer from '@jest/test-sequencer';

/** By name. In compose all spec files share one installation: the one that leaves a backlog behind for the indexers goes last. */
export default class SuiteSequencer extends Sequencer {
  sort(tests) {
    const key = ({ path }) => `${path.includes('durability') ? 1 : 0} ${path}`;
    return [...tests].sort((one, other) => (key(one) < key(other) ? -1 : 1));
  }
}
