import { EventEmitter } from 'node:events';
import type { Disposal } from './disposal.ts';
import { runService } from './run-service.ts';

/** Ends a run of the service under test, like the end of a process. */
class Exit extends Error {}

/** Runs a service in a process that is asked to stop as soon as it runs. Resolves with its exit code. */
async function exitCodeOf(
  open: (disposal: Disposal) => void,
  { argv = [], prepare }: { argv?: string[]; prepare?: (disposal: Disposal) => Promise<void> } = {},
): Promise<number> {
  const codes: number[] = [];
  const process = Object.assign(new EventEmitter(), {
    argv: ['node', 'main.js', ...argv],
    env: { LOG_LEVEL: 'silent', OPENSYNC_DRAIN_SECONDS: '0' },
    stdout: { write: () => true },
    stderr: { write: () => true },
    exit: (code: number) => {
      codes.push(code);
      // The deadline of a stop comes after this run has ended, while another spec file may be running.
      if (codes.length === 1) throw new Exit();
    },
  }) as unknown as NodeJS.Process;
  const running = runService(
    {
      name: 'test',
      settings: ['OPENSYNC_DRAIN_SECONDS'],
      start: async (_settings, { disposal }) => {
        open(disposal);
        setImmediate(() => process.emit('SIGTERM', 'SIGTERM'));
        return { url: 'http://localhost:1' };
      },
      ...(prepare && { prepare: async (_settings, { disposal }) => prepare(disposal) }),
    },
    process,
  );
  await expect(running).rejects.toThrow(Exit);
  return codes[0]!;
}

describe('the exit code of a service', () => {
  it('is 0 after a clean stop', async () => {
    const closed: string[] = [];
    expect(await exitCodeOf((disposal) => disposal.defer('requests', () => closed.push('requests')))).toBe(0);
    expect(closed).toEqual(['requests']);
  });

  it('is 3 if the stop cut something off, and everything else is still closed', async () => {
    const closed: string[] = [];
    const code = await exitCodeOf((disposal) => {
      disposal.defer('connection', () => closed.push('connection'));
      disposal.defer('requests', () => Promise.reject(new Error('cut off')));
    });
    expect([code, closed]).toEqual([3, ['connection']]);
  });

  it('is 1 if the service cannot start', async () => {
    const code = await exitCodeOf(() => {
      throw new Error('no port');
    });
    expect(code).toBe(1);
  });

  it('is 0 once everything is prepared, without starting', async () => {
    const done: string[] = [];
    const code = await exitCodeOf(() => done.push('started'), {
      argv: ['--prepare'],
      prepare: async (disposal) => {
        disposal.defer('connection', () => done.push('closed'));
        done.push('prepared');
      },
    });
    expect([code, done]).toEqual([0, ['prepared', 'closed']]);
  });

  it.each([
    ['there is nothing to prepare', undefined],
    ['it cannot be prepared', async () => Promise.reject(new Error('no log'))],
  ])('is 1 if %s', async (_case, prepare) => {
    const started: string[] = [];
    const options = { argv: ['--prepare'], ...(prepare && { prepare }) };
    expect([await exitCodeOf(() => started.push('started'), options), started]).toEqual([1, []]);
  });
});
