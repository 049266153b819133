import { existsSync } from 'node:fs';
import { temporaryFolder, waitFor, type TemporaryFolder } from '@opensync/testkit';
import type { Api, SessionPage } from './harness/api.ts';
import { ClaudeCode } from './harness/claude-code.ts';
import { expectedSession } from './harness/expectation.ts';
import { startTarget, type Target } from './harness/target.ts';
import { readTranscript } from './harness/transcript.ts';

/** Each with a question in other words than the transcript's own. */
const TRANSCRIPTS = [
  {
    name: 'a fixture of ours',
    file: new URL('./fixtures/keyset-pagination.jsonl', import.meta.url),
    question: 'entries go missing while browsing through pages because new rows shift everything',
  },
  {
    name: 'a short real one',
    file: new URL('../../../shared/data/transcripts/short.jsonl', import.meta.url),
    question: 'the application server does not come up, look at the error',
  },
  {
    name: 'a real one full of tool calls',
    file: new URL('../../../shared/data/transcripts/tool_heavy.jsonl', import.meta.url),
    question: 'mouse wheel does not move the history in a browser terminal emulator',
  },
]
  // The real ones belong to others and lie beside the repository, where they are at all.
  .filter(({ file }) => existsSync(file))
  .map((transcript) => ({ ...transcript, expected: expectedSession(readTranscript(transcript.file)) }));

describe('claude-code-sync, unmodified', () => {
  let target: Target;
  let api: Api;
  const homes: TemporaryFolder[] = [];

  beforeAll(async () => {
    target = await startTarget();
    api = await target.api('mina@example.com');
    for (const { file } of TRANSCRIPTS) {
      const home = await temporaryFolder();
      homes.push(home);
      await new ClaudeCode(api, home.path).replay(readTranscript(file));
    }
  }, 120_000);

  afterAll(async () => {
    await target?.stop();
    await Promise.all(homes.map((home) => home.remove()));
  });

  /** The plugin's last write is acknowledged; the projection may still be at it. */
  function synced(expected: { externalId: string; completionTokens: number }): Promise<SessionPage> {
    return waitFor(async () => {
      const page = await api.session(expected.externalId);
      return page.endReason !== null && page.completionTokens === expected.completionTokens && page;
    });
  }

  it('passes its own connection test', async () => {
    const { code, stdout } = await new ClaudeCode(api, homes[0]!.path).run('synctest');
    expect(stdout).toContain('Sync test passed');
    expect(code).toBe(0);
    const sessions = await waitFor(async () => {
      const found = await api.sessions('&project=synctest');
      return found.length > 0 && found;
    });
    expect(sessions).toMatchObject([{ title: 'Connection Test', source: 'claude-code', projectName: 'synctest' }]);
  });

  describe.each(TRANSCRIPTS)('$name', ({ expected, question }) => {
    it('has its fields, tokens, cost and counts', async () => {
      const { title, projectPath, projectName, model, promptTokens, completionTokens, durationMs } = expected;
      const page = await synced(expected);
      expect(page).toMatchObject({
        externalId: expected.externalId,
        source: 'claude-code',
        endReason: 'prompt_input_exit',
        ...{ title, projectPath, projectName, model, promptTokens, completionTokens, durationMs },
        totalTokens: promptTokens + completionTokens,
        toolCallCount: expected.toolCallCount,
        messageCount: expected.prompts.length + expected.answers.length + expected.tools.length,
      });
      expect(page.cost).toBeCloseTo(expected.cost, 9);
    });

    it('has every prompt, answer and tool call', async () => {
      const { messages } = await synced(expected);
      expect(messages.filter(({ role }) => role === 'user').map(({ textContent }) => textContent)).toEqual(
        expected.prompts,
      );
      const spoken = messages.filter(({ role, parts }) => role === 'assistant' && parts.length === 0);
      expect(spoken.map(({ textContent }) => textContent)).toEqual(expected.answers);
      expect(spoken.every(({ model }) => model === expected.model)).toBe(true);
      const called = messages.filter(({ parts }) => parts.length > 0);
      expect(
        called.map(({ externalId, parts }) => ({
          id: externalId,
          parts: parts.map(({ type, content }) => ({ type, content })),
        })),
      ).toEqual(
        expected.tools.map(({ id, name, args, result }) => ({
          id,
          parts: [
            { type: 'tool-call', content: { toolName: name, args } },
            ...(result === '' ? [] : [{ type: 'tool-result', content: result }]),
          ],
        })),
      );
    });

    it('is found by its title', async () => {
      await found(expected.externalId, expected.title.replace(/\.\.\.$/, ''), 'fulltext');
    });

    it("is found by words of the assistant's answer, with the hits marked", async () => {
      const longest = expected.answers.reduce((a, b) => (b.length > a.length ? b : a));
      const words = [...longest.matchAll(/\p{L}{5,}/gu)].slice(0, 3).map(([word]) => word);
      const { snippet, matchedIn } = await found(expected.externalId, words.join(' '), 'fulltext');
      for (const word of words) expect(snippet).toContain(`<mark>${word}</mark>`);
      expect(matchedIn).toEqual(['fulltext']);
    });

    it('is found by meaning, in other words', async () => {
      const { matchedIn } = await found(expected.externalId, question, 'semantic');
      expect(matchedIn).toEqual(['semantic']);
    });
  });

  /** The first result, once that is the session with this external id. */
  async function found(externalId: string, query: string, type: 'fulltext' | 'semantic') {
    const { id } = await api.session(externalId);
    return waitFor(
      async () => {
        const { results, degraded } = await api.search(query, type);
        return !degraded && results[0]?.sessionId === id && results[0];
      },
      { timeoutMs: 30_000, intervalMs: 100, what: `${type} search for “${query}”` },
    );
  }
});
