import { setImmediate } from 'node:timers/promises';
import { Client, textsOf } from './harness/client.ts';
import { searchable } from './harness/settled.ts';
import { startTarget, type Target } from './harness/target.ts';

/**
 * What the plugins send that are not on npm, request by request, as their sources have it. claude-code-sync runs as itself in
 * its own suite.
 */
describe('clients of OpenCode', () => {
  let target: Target;
  beforeAll(async () => {
    target = await startTarget();
  });
  afterAll(() => target?.stop());
  const clientOf = async (email: string) => new Client(await target.api(email));

  describe('opencode-sync-plugin', () => {
    const directory = '/home/ada/shop';
    const zeros = { promptTokens: 0, completionTokens: 0, cost: 0 };

    it('sends a session in pieces, with zeros and defaults before and after what is real', async () => {
      const client = await clientOf('opencode-live@example.com');
      const session = { externalId: 'ses_oc1', projectPath: directory, projectName: 'shop' };
      const message = (externalId: string, role: string, textContent: string, more: object = {}) =>
        client.send('/sync/message', { sessionExternalId: 'ses_oc1', externalId, role, textContent, ...more });
      // A message may be faster than the session that it is of.
      await message('msg_1', 'user', 'Why does the login test fail on Mondays?');
      await client.send('/sync/session', { ...session, title: 'New session - 2026-11-28T09:30:00.000Z', ...zeros });
      await message('msg_2', 'assistant', 'Because the fixture has a fixed date.', {
        ...{ model: 'claude-sonnet-4-5', promptTokens: 1_200, completionTokens: 80, durationMs: 2_500 },
      });
      const page = await client.page('ses_oc1');
      expect(page).toMatchObject({
        ...{ source: 'opencode', title: 'Why does the login test fail on Mondays?', model: 'claude-sonnet-4-5' },
        ...{ projectPath: directory, promptTokens: 1_200, completionTokens: 80, totalTokens: 1_280, messageCount: 2 },
      });
      // At session.idle the plugin knows the title and the tokens; what comes after that may not.
      await client.send('/sync/session', {
        ...{ ...session, title: 'Flaky login test', model: 'claude-sonnet-4-5', provider: 'anthropic' },
        ...{ promptTokens: 1_500, completionTokens: 90, cost: 0.02 },
      });
      for (const title of ['Untitled Session', 'New session - 2026-11-28T09:30:00.000Z']) {
        await client.send('/sync/session', { ...session, title, ...zeros });
      }
      await client.send('/sync/session', {
        ...session,
        model: { modelID: 'claude-sonnet-4-5', providerID: 'anthropic' },
        ...zeros,
      });
      expect(await client.page('ses_oc1')).toMatchObject({
        ...{ title: 'Flaky login test', model: 'claude-sonnet-4-5', provider: 'anthropic' },
        ...{ promptTokens: 1_500, completionTokens: 90, totalTokens: 1_590, cost: 0.02 },
      });
      expect((await client.listed('&model=claude-sonnet-4-5')).map(({ externalId }) => externalId)).toEqual([
        'ses_oc1',
      ]);
    });

    it('sends no session at all, and names the model in messages alone', async () => {
      const client = await clientOf('opencode-messages@example.com');
      const message = { sessionExternalId: 'ses_oc2', role: 'assistant' };
      await client.send('/sync/message', {
        ...message,
        externalId: 'msg_1',
        role: 'user',
        textContent: 'Rename the marsh module',
      });
      await client.send('/sync/message', {
        ...{ ...message, externalId: 'msg_2', textContent: 'Renamed.' },
        ...{
          model: { modelID: 'marsh-1', providerID: 'reeds' },
          tokens: { input: 40, output: 7, reasoning: 3, cache: { read: 900, write: 20 } },
        },
      });
      const expected = {
        ...{
          externalId: 'ses_oc2',
          source: 'opencode',
          title: 'Rename the marsh module',
          model: 'marsh-1',
          provider: 'reeds',
        },
        ...{ promptTokens: 40, completionTokens: 7, reasoningTokens: 3, cacheReadTokens: 900, cacheWriteTokens: 20 },
      };
      expect(await client.page('ses_oc2')).toMatchObject(expected);
      expect(await client.listed('&model=marsh-1')).toMatchObject([expected]);
      const stats = await client.api.get<{ byModel: object; cacheReadTokens: number }>('/api/stats');
      expect(stats).toMatchObject({ byModel: { 'marsh-1': 1 }, cacheReadTokens: 900 });
      await searchable(client.api, client.position!);
      const search = async (model: string) =>
        (await client.api.get<{ results: unknown[] }>(`/api/search?q=renamed&model=${model}`)).results.length;
      expect([await search('marsh-1'), await search('marsh-2')]).toEqual([1, 0]);
    });

    it('forces everything through again, with defaults, and messages keep the order in which they were sent', async () => {
      const client = await clientOf('opencode-force@example.com');
      await client.send('/sync/session', {
        externalId: 'ses_oc3',
        title: 'Reed beds',
        model: 'opus',
        provider: 'anthropic',
        promptTokens: 9,
        completionTokens: 3,
        cost: 0.1,
      });
      const spoken = Array.from({ length: 25 }, (_, n) => `line ${n}`);
      for (let run = 0; run < 2; run++) {
        const { sessionIds } = await client.api.get<{ sessionIds: string[] }>('/sync/sessions/list', {
          'osk-wait-sequence': client.position!,
        });
        expect(sessionIds).toEqual(['ses_oc3']);
        await client.send('/sync/session', {
          externalId: 'ses_oc3',
          title: 'Untitled',
          projectPath: directory,
          projectName: 'shop',
          model: 'unknown',
          provider: 'opencode',
          ...zeros,
        });
        for (const [n, textContent] of spoken.entries()) {
          await client.send('/sync/message', {
            sessionExternalId: 'ses_oc3',
            externalId: `msg_${n}`,
            role: n % 2 ? 'assistant' : 'user',
            textContent,
          });
        }
      }
      const page = await client.page('ses_oc3');
      expect(page).toMatchObject({ title: 'Reed beds', model: 'opus', promptTokens: 9, cost: 0.1, messageCount: 25 });
      expect(textsOf(page)).toEqual(spoken);
    });

    it('does not wait for its answers, and nothing of it is lost', async () => {
      const client = await clientOf('opencode-burst@example.com');
      const requests: Promise<unknown>[] = [];
      for (let n = 0; n < 40; n++) {
        const message = {
          sessionExternalId: 'ses_oc4',
          externalId: `msg_${n}`,
          role: 'user',
          textContent: `Question ${n}?`,
        };
        requests.push(client.send('/sync/message', message));
        if (n % 10 === 0)
          requests.push(client.send('/sync/session', { externalId: 'ses_oc4', title: 'Untitled Session', ...zeros }));
        await setImmediate();
      }
      await Promise.all(requests);
      const page = await client.page('ses_oc4');
      expect(new Set(textsOf(page))).toEqual(new Set(Array.from({ length: 40 }, (_, n) => `Question ${n}?`)));
      expect(page.title).toMatch(/^Question \d+\?$/);
    });
  });

  describe('a command line that reads OpenCode’s database', () => {
    it('asks what is here, sends what is not, and is told the same figures', async () => {
      const client = await clientOf('cli@example.com');
      const created = Date.UTC(2025, 2, 4, 9);
      const session = {
        ...{ externalId: 'cli-1', title: 'Spring survey', model: 'opus', provider: 'anthropic', source: 'opencode' },
        ...{ promptTokens: 50, completionTokens: 9, cachedTokens: 700, cost: 0.04, durationMs: 5_000 },
        ...{ sourceCreatedAt: created, sourceUpdatedAt: created + 60_000 },
      };
      const message = (n: number, more: object) => ({
        sessionExternalId: 'cli-1',
        externalId: `m${n}`,
        sourceCreatedAt: created + n,
        ...more,
      });
      const messages = [
        message(0, { role: 'user', parts: [{ type: 'text', content: { text: 'Count the herons' } }] }),
        message(1, {
          role: 'assistant',
          model: 'opus',
          promptTokens: 50,
          completionTokens: 9,
          cachedTokens: 700,
          cost: 0.04,
          parts: [{ type: 'text', content: { text: 'Three.' } }],
        }),
      ];
      const asked = {
        sessions: ['cli-1', 'cli-2'],
        messages: messages.map(({ sessionExternalId, externalId }) => ({ sessionExternalId, externalId })),
      };
      expect(await client.send('/sync/metadata', asked)).toEqual({ ok: true, sessions: [], messages: [] });
      await client.send('/sync/batch', { sessions: [session], messages });
      await client.page('cli-1');
      const known = await client.send('/sync/metadata', asked);
      expect(known).toEqual({
        ok: true,
        sessions: [
          {
            ...{
              externalId: 'cli-1',
              model: 'opus',
              provider: 'anthropic',
              promptTokens: 50,
              completionTokens: 9,
              cost: 0.04,
            },
            ...{ durationMs: 5_000, createdAt: created, updatedAt: expect.any(Number) as number },
          },
        ],
        messages: [
          { sessionExternalId: 'cli-1', externalId: 'm0', createdAt: created },
          {
            ...{ sessionExternalId: 'cli-1', externalId: 'm1', model: 'opus', promptTokens: 50, completionTokens: 9 },
            ...{ cachedTokens: 700, cost: 0.04, createdAt: created + 1 },
          },
        ],
      });
      const page = await client.page('cli-1');
      expect(page).toMatchObject({
        title: 'Spring survey',
        createdAt: created,
        cacheReadTokens: 700,
        totalTokens: 709,
      });
      expect(textsOf(page)).toEqual(['Count the herons', 'Three.']);
      const stranger = await clientOf('cli-stranger@example.com');
      expect(await stranger.send('/sync/metadata', asked)).toEqual({ ok: true, sessions: [], messages: [] });
    });
  });
});
