import { randomUUID } from 'node:crypto';
import { loadSettings } from '@opensync/platform';
import { describeWith, toxicProxy } from '@opensync/testkit';
import { adapterOf } from './adapters.ts';
import { StoreUnavailableError, type StoreName } from './description.ts';

const READS = ['GET', 'HEAD'];
const scope = { workspaceId: 'wsp_a', userId: 'usr_b' };

await describeWith(['elasticsearch', 'qdrant'], 'a process that only reads', ({ elasticsearch, qdrant }) => {
  it.each<[StoreName, string, string]>([
    ['search', 'ELASTICSEARCH_URL', elasticsearch],
    ['vectors', 'QDRANT_URL', qdrant],
  ])('creates nothing in %s, and waits until others have', async (name, setting, url) => {
    const prefix = `readers-${randomUUID()}`;
    const written: string[] = [];
    // What a user without the right to write would be refused.
    const proxy = await toxicProxy(url, async ({ method, path }, forward) => {
      if (!READS.includes(method)) written.push(`${method} ${path}`);
      return forward();
    });
    const settingsOf = (server: string) => loadSettings({ [setting]: server, OPENSYNC_STORE_PREFIX: prefix });
    const reader = adapterOf(name, settingsOf(proxy.url), 1);
    const writer = adapterOf(name, settingsOf(url), 1);
    try {
      const opening = reader.open({ isReader: true });
      await expect(opening).rejects.toBeInstanceOf(StoreUnavailableError);
      await expect(opening).rejects.toThrow('the projector creates');
      await (await writer.open()).close();
      const store = await reader.open({ isReader: true });
      await store.hasBefore(scope, 'ses_a', 1);
      await store.describe();
      expect(
        written.filter((request) => !/_search|_count|\/points(\/scroll|\/count|\/query)?(\?|$)/.test(request)),
      ).toEqual([]);
      await store.close();
    } finally {
      await writer.drop();
      await proxy.close();
    }
  });
});
