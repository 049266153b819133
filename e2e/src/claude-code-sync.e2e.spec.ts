import { existsSync } from 'node:fs';
import { temporaryFolder, waitFor, type TemporaryFolder } from '@opensync/testkit';
import type { Api, SessionPage } from './harness/api.ts';
import { ClaudeCode } from './harness/claude-code.ts';
import { expectedSession } from './harness/expectation.ts';
import { compactedSession, longSession, promptWithEmoji } from './harness/made-transcripts.ts';
import { startTarget, type Target } from './harness/target.ts';
import { promptOf, readTranscript, type TranscriptLine } from './harness/transcript.ts';

/** The real ones belong to others and are next to the repository, if they exist. */
const REAL = 'shared/data/transcripts';
const real = (name: string) => new URL(`../../../${REAL}/${name}`, import.meta.url);

interface Transcript {
  readonly name: string;
  readonly source: URL | (() => TranscriptLine[]);
  /** In other words than the transcript's own. */
  readonly question: string;
  /** Of a long one, which would take minutes. */
  readonly onlyFirstTurn?: boolean;
}

const TRANSCRIPTS: readonly Transcript[] = [
  {
    name: 'a fixture of ours',
    source: new URL('./fixtures/keyset-pagination.jsonl', import.meta.url),
    question: 'entries go missing while browsing through pages because new rows shift everything',
  },
  {
    name: 'one whose first prompt has an emoji as its 80th character',
    source: promptWithEmoji,
    question: 'the bird class has another name now and nothing about plumage fails',
  },
  {
    name: 'one that was compacted',
    source: compactedSession,
    question: 'a chart that says when the water is high or low in a port, and how the moon looks',
  },
  {
    name: 'one of 3,000 lines',
    source: longSession,
    question: 'how deep must one drill in the mire until there is water',
  },
  {
    name: 'a short real one',
    source: real('short.jsonl'),
    question: 'the application server does not come up, look at the error',
  },
  {
    name: 'a real one full of tool calls',
    source: real('tool_heavy.jsonl'),
    question: 'mouse wheel does not move the history in a browser terminal emulator',
  },
  {
    name: 'a real one that has subagents',
    source: real('subagent.jsonl'),
    question: 'static analysis and vulnerability checks for an Elixir project',
  },
  {
    name: 'a real one of a subagent',
    source: real('258c7280-ae70-4798-800f-63464d01a85d/subagents/agent-a881341.jsonl'),
    question: 'which JSON may a script print at the beginning to add text to the conversation',
  },
  {
    name: 'the first turn of a long real one',
    source: real('4d5611e5-241a-462a-8d15-5122611a9569.jsonl'),
    question: 'an import was dropped that is still needed, so mend the build before changing the mount function',
    onlyFirstTurn: true,
  },
];

const isThere = ({ source }: Transcript) => typeof source === 'function' || existsSync(source);

function linesOf({ source, onlyFirstTurn = false }: Transcript): TranscriptLine[] {
  const lines = typeof source === 'function' ? source() : readTranscript(source);
  const [, second] = lines.filter((line) => promptOf(line) !== undefined);
  return onlyFirstTurn && second ? lines.slice(0, lines.indexOf(second)) : lines;
}

/**
 * The words of the beginning of an answer, the rarest of its transcript first: its own message is then the best hit.
 */
function rarestWords(lines: readonly TranscriptLine[], beginning: string): string[] {
  const texts = lines.map((line) => JSON.stringify(line).toLowerCase());
  const linesWith = (word: string) => texts.filter((text) => text.includes(word.toLowerCase())).length;
  const words = [...beginning.matchAll(/(?<![\p{L}\p{N}_.-])\p{L}{6,}(?![\p{L}\p{N}_.-])/gu)].map(([word]) => word);
  return [...new Set(words)].toSorted((one, other) => linesWith(one) - linesWith(other));
}

describe('claude-code-sync, unmodified', () => {
  let target: Target;
  let api: Api;
  const homes: TemporaryFolder[] = [];

  beforeAll(async () => {
    target = await startTarget();
    api = await target.api('mina@example.com');
    await Promise.all(
      TRANSCRIPTS.filter(isThere).map(async (transcript) => {
        const home = await temporaryFolder();
        homes.push(home);
        await new ClaudeCode(api, home.path).replay(linesOf(transcript));
      }),
    );
  }, 240_000);

  afterAll(async () => {
    await target?.stop();
    await Promise.all(homes.map((home) => home.remove()));
  });

  /** The plugin's last write is acknowledged; the projection may still be working. */
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

  describe.each(TRANSCRIPTS.filter(isThere))('$name', (transcript) => {
    const { question } = transcript;
    const expected = expectedSession(linesOf(transcript));

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
      const words = rarestWords(linesOf(transcript), longest.slice(0, 150)).slice(0, 2);
      const { snippet, matchedIn } = await found(expected.externalId, words.join(' '), 'fulltext');
      for (const word of words) expect(snippet).toContain(`<mark>${word}</mark>`);
      expect(matchedIn).toEqual(['fulltext']);
    });

    it('is found by meaning, in other words', async () => {
      const { matchedIn } = await found(expected.externalId, question, 'semantic');
      expect(matchedIn).toEqual(['semantic']);
    });
  });

  // Named in the summary: never left out quietly.
  for (const { name } of TRANSCRIPTS.filter((transcript) => !isThere(transcript))) {
    it.skip(`${name} (not run: needs ${REAL} beside the repository)`, () => undefined);
  }

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
