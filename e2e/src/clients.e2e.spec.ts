import { Client, textsOf } from './harness/client.ts';
import { startTarget, type Target } from './harness/target.ts';

/**
 * Requests of the plugins that are not on npm, according to their sources; those of OpenCode have a separate suite.
 * claude-code-sync itself runs in its own suite.
 */
describe('clients of other agents', () => {
  let target: Target;
  beforeAll(async () => {
    target = await startTarget();
  });
  afterAll(() => target?.stop());
  const clientOf = async (email: string) => new Client(await target.api(email));

  describe('droid-sync', () => {
    it('sends a session, then batches with tool calls as separate messages', async () => {
      const client = await clientOf('droid@example.com');
      const message = (externalId: string, role: string, more: object) => ({
        sessionExternalId: 'droid-1',
        externalId,
        role,
        source: 'factory-droid',
        ...more,
      });
      const session = {
        externalId: 'droid-1',
        source: 'factory-droid',
        title: 'New Session',
        projectPath: '/src/shop',
        projectName: 'shop',
      };
      await client.send('/sync/session', {
        ...session,
        model: 'gpt-5',
        promptTokens: 0,
        completionTokens: 0,
        durationMs: 0,
      });
      await client.send('/sync/batch', {
        sessions: [],
        messages: [
          message('d1', 'user', {
            textContent: '<system-reminder>Today is Saturday.</system-reminder>\nList the herons',
          }),
          message('d2', 'assistant', { textContent: 'Looking.' }),
          message('d2-tool-t1', 'assistant', {
            parts: [{ type: 'tool_use', content: { toolName: 'LS', args: { path: '.' } } }],
          }),
          message('d2-tool-t2', 'assistant', { parts: [{ type: 'tool_use', content: 'herons.txt' }] }),
        ],
      });
      await client.send('/sync/session', {
        ...session,
        model: 'gpt-5',
        promptTokens: 800,
        completionTokens: 60,
        durationMs: 12_000,
      });
      const page = await client.page('droid-1');
      expect(page).toMatchObject({
        ...{ source: 'factory-droid', title: 'List the herons', model: 'gpt-5', promptTokens: 800, toolCallCount: 2 },
        ...{ durationMs: 12_000, messageCount: 4 },
      });
      expect(page.messages.map(({ externalId }) => externalId)).toEqual(['d1', 'd2', 'd2-tool-t1', 'd2-tool-t2']);
      expect(page.messages[2]!.parts).toMatchObject([
        { type: 'tool-call', content: { toolName: 'LS', args: { path: '.' } } },
      ]);
      expect(page.messages[3]!.parts).toMatchObject([{ type: 'tool-call' }]);
      expect(JSON.stringify(page.messages[3]!.parts)).toContain('herons.txt');
    });
  });

  describe('pi-opensync-plugin', () => {
    const session = (externalId: string, title: string) => ({
      ...{ externalId, source: 'pi', projectPath: '/src/marsh', projectName: 'marsh', title },
      ...{ model: 'Claude Sonnet 4.5', provider: 'anthropic' },
    });
    const at = Date.now() - 3_600_000;
    const user = (sessionExternalId: string, n: number, textContent: string) => ({
      ...{ sessionExternalId, externalId: `${sessionExternalId}-user-${n}`, role: 'user', textContent },
      createdAt: at + n * 1_000,
    });
    const assistant = (sessionExternalId: string, n: number, more: object) => ({
      ...{
        sessionExternalId,
        externalId: `${sessionExternalId}-assistant-${n}`,
        role: 'assistant',
        model: 'claude-sonnet-4-5',
      },
      ...{ promptTokens: 100, completionTokens: 20, createdAt: at + n * 1_000, ...more },
    });

    it('sends messages with their times, thinking and results among the parts', async () => {
      const client = await clientOf('pi@example.com');
      await client.send('/sync/session', session('pi-1', 'Untitled'));
      await client.send('/sync/message', user('pi-1', 1, 'Drain the marsh'));
      await client.send(
        '/sync/message',
        assistant('pi-1', 2, {
          textContent: 'Draining.',
          parts: [
            { type: 'text', content: 'Draining.' },
            { type: 'thinking', content: 'Where is the sluice?' },
            { type: 'tool-call', content: { toolName: 'bash', args: { command: 'make drain' } } },
            { type: 'tool-result', content: 'dry' },
          ],
        }),
      );
      await client.send('/sync/session', {
        ...session('pi-1', 'Untitled'),
        promptTokens: 100,
        completionTokens: 20,
        totalTokens: 120,
        cost: 0.003,
        messageCount: 2,
      });
      await client.send('/sync/session', { ...session('pi-1', 'Untitled'), durationMs: 60_000 });
      const page = await client.page('pi-1');
      expect(page).toMatchObject({
        ...{ source: 'pi', title: 'Drain the marsh', createdAt: at + 1_000, toolCallCount: 1, totalTokens: 120 },
        ...{ cost: 0.003, durationMs: 60_000, messageCount: 2 },
      });
      expect(page.messages.map(({ createdAt }) => createdAt)).toEqual([at + 1_000, at + 2_000]);
      expect(page.messages[1]!.parts.map(({ type }) => type)).toEqual([
        'text',
        'reasoning',
        'tool-call',
        'tool-result',
      ]);
    });

    it('sends a fork as a separate session, with earlier messages as a batch', async () => {
      const client = await clientOf('pi-fork@example.com');
      const messages = [user('pi-2', 1, 'Drain the marsh'), assistant('pi-2', 2, { textContent: 'Draining.' })];
      await client.send('/sync/session', session('pi-2', '[Fork::pi-1abcd] Untitled'));
      const answer = await client.send('/sync/batch', { sessions: [], messages });
      expect(answer).toMatchObject({ sessions: 0, messages: 2, errors: [] });
      expect(await client.page('pi-2')).toMatchObject({
        title: 'Drain the marsh',
        createdAt: at + 1_000,
        promptTokens: 100,
      });
      await client.send('/sync/session', session('pi-2', '[Fork::pi-1abcd] Drained'));
      expect(await client.page('pi-2')).toMatchObject({ title: '[Fork::pi-1abcd] Drained' });
    });
  });

  describe('cursor-opensync-plugin', () => {
    it('calls itself cursor, its texts content and its times timestamp', async () => {
      const client = await clientOf('cursor@example.com');
      const title = `${'Please look at the flamingos of the northern marsh '.repeat(2).slice(0, 79)}👍`.slice(0, 80);
      const started = new Date(Math.floor(Date.now() / 1_000) * 1_000 - 7_200_000);
      await client.send('/sync/session', {
        sessionId: 'cur-1',
        source: 'cursor',
        title,
        model: 'default',
        timestamp: started.toISOString(),
      });
      await client.send('/sync/message', {
        ...{
          sessionId: 'cur-1',
          messageId: 'c1',
          source: 'cursor',
          role: 'user',
          timestamp: started.getTime() / 1_000,
        },
        content: '<user_query>\nCount the flamingos\n</user_query>',
      });
      await client.send('/sync/message', {
        ...{
          sessionId: 'cur-1',
          messageId: 'c2',
          source: 'cursor',
          role: 'assistant',
          timestamp: started.toUTCString(),
        },
        ...{
          content: [{ type: 'text', text: 'Forty-two.' }],
          model: 'composer-1',
          usage: { input_tokens: 12, output_tokens: 4, cache_read_input_tokens: 300 },
        },
      });
      const page = await client.page('cur-1');
      expect(page).toMatchObject({
        ...{
          source: 'cursor-sync',
          title: `${title.slice(0, 79)}\ufffd`,
          model: 'composer-1',
          createdAt: started.getTime(),
        },
        ...{ promptTokens: 12, completionTokens: 4, cacheReadTokens: 300 },
      });
      expect(textsOf(page)).toEqual(['<user_query>\nCount the flamingos\n</user_query>', 'Forty-two.']);
      for (const source of ['cursor', 'cursor-sync']) {
        expect((await client.listed(`&source=${source}`)).map(({ externalId }) => externalId)).toEqual(['cur-1']);
      }
    });
  });

  describe('any client', () => {
    it('may send one response of a provider in several messages, which is counted once', async () => {
      const client = await clientOf('responses@example.com');
      const line = (n: number, outputTokens: number) => ({
        ...{ sessionId: 'r-1', messageId: `line-${n}`, role: 'assistant', requestId: 'req_011', content: `block ${n}` },
        usage: { input_tokens: 900, cache_read_input_tokens: 5_000, output_tokens: outputTokens },
      });
      for (const [n, outputTokens] of [0, 40, 310].entries()) await client.send('/sync/message', line(n, outputTokens));
      await client.send('/sync/message', { ...line(3, 5), requestId: 'req_012' });
      expect(await client.page('r-1')).toMatchObject({
        ...{ promptTokens: 1_800, completionTokens: 315, cacheReadTokens: 10_000, messageCount: 4 },
      });
    });

    it('loses only the unusable values of a session', async () => {
      const client = await clientOf('odd@example.com');
      const title = `${'lorem ipsum dolor sit amet '.repeat(200)}`;
      const odd = {
        externalId: 'odd-1',
        title,
        promptTokens: 1_200,
        cost: 'free',
        durationMs: -4_000,
        createdAt: 0,
        source: ['a', 'b'],
      };
      await client.send('/sync/session', odd, ['source', 'cost', 'durationMs', 'createdAt']);
      const page = await client.page('odd-1');
      expect(page).toMatchObject({ promptTokens: 1_200, durationMs: 0, cost: 0, source: 'opencode' });
      expect([page.title!.length, page.title!.at(-1)]).toEqual([4_096, '…']);
    });
  });
});
