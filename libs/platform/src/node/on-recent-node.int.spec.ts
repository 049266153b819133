import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isRecentNode, pinnedNode } from './pinned-node.ts';

const ENTRY = fileURLToPath(new URL('testing/entry.ts', import.meta.url));
/** Makes the Node that runs it report an old version. */
const AS_OLD_NODE = `data:text/javascript,${encodeURIComponent(
  "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.19.0' } });",
)}`;

function start({ old = false, env = {} }: { old?: boolean; env?: NodeJS.ProcessEnv } = {}) {
  const flags = old ? ['--import', AS_OLD_NODE] : [];
  const child = spawn(process.execPath, [...flags, ENTRY, 'one', 'two words'], {
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stderr = text(child.stderr);
  const ended = once(child, 'close').then(async ([code]) => ({ code: code as number | null, stderr: await stderr }));
  const said = once(child.stdout.setEncoding('utf8'), 'data').then(
    ([line]) => JSON.parse(line as string) as { node: string; pid: number; args: string[] },
  );
  return { child, said, ended };
}

describe('an entry module', () => {
  it.each([
    ['24.0.0', true],
    ['26.1.0', true],
    ['22.15.0', false],
    ['20.19.0', false],
  ])('accepts Node %s as recent: %s', (version, recent) => {
    expect(isRecentNode(version)).toBe(recent);
  });

  it('runs its program in its own process on a recent Node', async () => {
    const { child, said, ended } = start();
    expect(await said).toEqual({ node: process.execPath, pid: child.pid, args: ['one', 'two words'] });
    child.kill('SIGTERM');
    expect(await ended).toEqual({ code: 3, stderr: '' });
  });

  it('runs its program on the pinned Node if an old one starts it, and passes on arguments, signals and the exit code', async () => {
    const { child, said, ended } = start({ old: true });
    const { node, pid, args } = await said;
    expect({ node, args }).toEqual({ node: pinnedNode(import.meta.url), args: ['one', 'two words'] });
    expect(pid).not.toBe(child.pid);
    child.kill('SIGTERM');
    expect(await ended).toEqual({ code: 3, stderr: '' });
  });

  it('leaves no program behind when the old Node is killed', async () => {
    const { child, said, ended } = start({ old: true });
    await said;
    child.kill('SIGKILL');
    // The program holds the pipes: they close when it has exited.
    expect(await ended).toEqual({ code: null, stderr: '' });
  });

  it('says in one line what is missing if there is no recent Node at all', async () => {
    const elsewhere = pathToFileURL(join(tmpdir(), 'main.js')).href;
    const { child, ended } = start({ old: true, env: { TEST_ENTRY_URL: elsewhere } });
    child.stdout.resume();
    expect(await ended).toEqual({
      code: 1,
      stderr: 'opensync-test: Node 24 or later is needed and this is 20.19.0; npm ci installs one\n',
    });
  });
});
