// The environment of the spec files that runtime.mjs loads: the process itself. What a file changes in `process` is undone
// after it.
import { ModernFakeTimers } from '@jest/fake-timers';
import { ModuleMocker } from 'jest-mock';

/** Where globals.mjs finds the mocks and timers of the spec file that runs. */
export const JEST_OBJECT = Symbol.for('opensync-jest');

export default class NativeEnvironment {
  global = globalThis;
  fakeTimers = null;
  moduleMocker = new ModuleMocker(globalThis);
  #env = { ...process.env };
  #exit = process.exit;

  constructor({ projectConfig }) {
    this.fakeTimersModern = new ModernFakeTimers({ config: projectConfig, global: globalThis });
  }

  async setup() {
    // Node's own formatter applies the source maps; Jest's, which is installed by now, has none.
    Error.prepareStackTrace = undefined;
    const { fakeTimersModern: timers, moduleMocker: mocker } = this;
    globalThis[JEST_OBJECT] = {
      fn: mocker.fn.bind(mocker),
      spyOn: mocker.spyOn.bind(mocker),
      useFakeTimers: (options) => timers.useFakeTimers(options),
      useRealTimers: () => timers.useRealTimers(),
      advanceTimersByTime: (ms) => timers.advanceTimersByTime(ms),
    };
  }

  async teardown() {
    this.moduleMocker.restoreAllMocks();
    this.fakeTimersModern.dispose();
    for (const name of Object.keys(process.env)) if (!(name in this.#env)) delete process.env[name];
    Object.assign(process.env, this.#env);
    process.exit = this.#exit;
  }

  getVmContext() {
    return null;
  }
}
