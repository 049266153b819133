import { once } from 'node:events';
import { connect } from 'node:net';
import { startTestNats, temporaryFolder, ServiceProcess, type TemporaryFolder, type TestNats } from '@opensync/testkit';
import { Product } from './testing/product.ts';
import { mainOf, SERVICES } from './testing/services.ts';

/** Half a second is the aim; a busy machine gets three times as much. What this guards against took three seconds and more. */
const SOON_MS = 1500;

let nats: TestNats;
let folder: TemporaryFolder;
beforeAll(async () => {
  nats = await startTestNats();
  folder = await temporaryFolder();
});
afterAll(async () => {
  await nats.stop();
  await folder.remove();
});

/** Connections that a browser and a client leave open: a used one, and an unused one. */
async function leaveConnections(url: string): Promise<() => void> {
  await (await fetch(`${url}/readyz`)).text();
  const { hostname, port } = new URL(url);
  const silent = connect(Number(port), hostname);
  silent.on('error', () => undefined);
  await once(silent, 'connect');
  // By now the server has accepted the previous one.
  await (await fetch(`${url}/livez`)).text();
  return () => silent.destroy();
}

describe('an idle process stops soon, whatever connections its clients hold', () => {
  it.each(SERVICES)('%s', async (name) => {
    await using service = new ServiceProcess(mainOf(name), {
      NATS_URL: nats.url,
      OPENSYNC_DATA_DIR: folder.path,
      // Ingest warns if there is no key.
      OPENSYNC_BOOTSTRAP_KEY: `osk_${'k'.repeat(43)}`,
    });
    const leave = await leaveConnections(await service.url());
    const askedAt = performance.now();
    const { code, stderr } = await service.stop();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(performance.now() - askedAt).toBeLessThan(SOON_MS);
    leave();
  });

  it('the all-in-one', async () => {
    await using data = await temporaryFolder();
    const { url, child, finished } = await new Product(data.path).start();
    const leave = await leaveConnections(url);
    const askedAt = performance.now();
    child.kill('SIGINT');
    expect(await finished).toMatchObject({ code: 0, stderr: '' });
    expect(performance.now() - askedAt).toBeLessThan(SOON_MS);
    leave();
  });
});
