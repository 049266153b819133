import { EventEmitter } from 'node:events';
import type { Disposal } from './disposal.ts';
import { runService } from './run-service.ts';

/** Ends a run of the service under test, like the end of a process. */
class Exit extends Error {}

/** Runs a service in a process that is asked to stop as soon as it runs. Resolves with its exit code. */
async function exitCodeOf(open: (disposal: Disposal) => void): Promise<number> {
  const codes: number[] = [];
  const process = Object.assign(new EventEmitter(), {
    env: { LOG_LEVEL: 'silent', OPENSYNC_DRAIN_SECONDS: '0' },
    stdout: { write: () => true },
    stderr: { write: () => true },
    exit: (code: number) => {
      codes.push(code);
      throw new Exit();
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
});
