import { join } from 'node:path';
import { temporaryFolder, waitFor, type TemporaryFolder } from '@opensync/testkit';
import { KEY } from './testing/client.ts';
import { Product } from './testing/product.ts';

describe('a stop', () => {
  let temporary: TemporaryFolder;
  let product: Product;
  beforeEach(async () => {
    temporary = await temporaryFolder();
    product = new Product(join(temporary.path, 'data'), { OPENSYNC_BOOTSTRAP_KEY: KEY });
  });
  afterEach(async () => {
    await product.dispose();
    await temporary.remove();
  });

  it('takes readiness down first and keeps answering as long as load balancers need', async () => {
    const { child, finished, url } = await product.start({ OPENSYNC_DRAIN_SECONDS: '2' });
    const status = (path: string) => fetch(url + path).then((response) => response.status);
    expect(await status('/readyz')).toBe(200);
    child.kill('SIGTERM');
    await waitFor(async () => (await status('/readyz')) === 503);
    // New connections, too: the fetch above opened some, and the port is still open.
    expect(await status('/health')).toBe(200);
    expect(await (await fetch(`${url}/readyz`)).json()).toMatchObject({ status: 'stopping' });
    expect(await finished).toMatchObject({ code: 0, stdout: expect.stringMatching(/Stopped\.\n$/) });
    await expect(fetch(`${url}/health`)).rejects.toThrow();
  });
});
