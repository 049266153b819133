import { waitFor } from '@opensync/testkit';
import { authorization, get } from './client.ts';

export async function sync(url: string, path: string, body: object): Promise<void> {
  const response = await fetch(`${url}/sync/${path}`, {
    method: 'POST',
    headers: { ...authorization, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(await response.json()).toMatchObject({ ok: true });
}

/** Three sessions with four messages, one of them too large for an event. */
export async function syncSome(url: string): Promise<void> {
  for (const id of ['one', 'two', 'three']) {
    await sync(url, 'session', { externalId: id, title: `Title of ${id}`, cost: 0.25 });
    await sync(url, 'message', {
      sessionExternalId: id,
      externalId: 'm1',
      role: 'user',
      textContent: `words of ${id}`,
    });
  }
  const large = 'large '.repeat(60_000);
  await sync(url, 'message', { sessionExternalId: 'one', externalId: 'm2', role: 'assistant', textContent: large });
}

/** The read API's answers about every session, once this many messages are projected. */
export async function sessionsOf(url: string, messages: number): Promise<unknown[]> {
  const { sessions } = await waitFor(
    async () => {
      const page = await get<{ sessions: { id: string; messageCount: number }[] }>(`${url}/api/sessions`);
      return page.sessions.reduce((sum, { messageCount }) => sum + messageCount, 0) === messages && page;
    },
    { timeoutMs: 30_000, what: `${messages} messages` },
  );
  const pages = sessions.map(({ id }) => get<{ costs?: unknown }>(`${url}/api/sessions/${id}`));
  // The figures follow the documents by some seconds.
  return (await Promise.all(pages)).map(({ costs: _later, ...page }) => page);
}
