import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { temporaryFolder } from '@opensync/testkit';
import { OWNERS, startQueryApp, type QueryApp } from '../testing/query-app.ts';
import { storeEvents } from '../testing/stored-events.ts';
import { exampleSessions } from './testing/example-sessions.ts';

/** Where `scripts/loaders/install.mjs` has put the tools. */
const root = process.env.TEST_LOADERS || undefined;
const places: Readonly<Record<string, string | undefined>> =
  root === undefined ? {} : (JSON.parse(readFileSync(join(root, 'places.json'), 'utf8')) as Record<string, string>);
const scripts = fileURLToPath(new URL('../../../../scripts/loaders/', import.meta.url));
const run = promisify(execFile);

/** A test with a tool; without the tool its name says so. */
function withTool(tool: string, name: string, test: (place: string) => Promise<void>): void {
  const place = places[tool];
  if (place === undefined) it.skip(`${name} (not run: needs ${tool} in TEST_LOADERS)`, () => undefined);
  else it(name, () => test(place));
}

describe('the loader of each tool reads what is exported', () => {
  let app: QueryApp;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeAll(async () => {
    folder = await temporaryFolder();
    app = await startQueryApp();
    await storeEvents(app.resources, OWNERS.ada!, exampleSessions(OWNERS.ada!));
  });
  afterAll(async () => {
    await app[Symbol.asyncDispose]();
    await folder.remove();
  });

  async function save(query: string, ...path: string[]): Promise<string> {
    const { status, text } = await app.request('GET', `/api/export?${query}`);
    expect(status).toBe(200);
    const file = join(folder.path, ...path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
    return file;
  }
  async function load(python: string, loader: string, file: string, env: NodeJS.ProcessEnv = {}) {
    const { stdout } = await run(python, [join(scripts, 'load.py'), loader, file], {
      env: { ...process.env, DEEPEVAL_TELEMETRY_OPT_OUT: 'YES', RAGAS_DO_NOT_TRACK: 'true', ...env },
    });
    return JSON.parse(stdout) as Record<string, unknown>;
  }
  /** What every format of test cases must have kept. */
  const expected = async () => {
    const { body } = await app.request('GET', '/api/export?format=deepeval');
    const cases = body as { name: string; input: string; actual_output: string; expected_output: string | null }[];
    return {
      ids: cases.map(({ name }) => name),
      inputs: cases.map(({ input }) => input),
      answers: cases.map(({ actual_output: answer }) => answer),
      ideals: cases.map(({ actual_output: answer, expected_output: ideal }) => ideal ?? answer),
    };
  };

  withTool('deepeval', 'DeepEval: goldens and test cases', async (python) => {
    const { ids, inputs, answers } = await expected();
    expect(await load(python, 'deepeval', await save('format=deepeval', 'deepeval.json'))).toEqual({
      ids,
      inputs,
      answers,
      tools: [['Read', 'Bash'], [], ['shell']],
      metadata: ['claude-1', 'claude-1', 'codex-1'],
    });
  });

  withTool('deepeval', 'DeepEval: conversational goldens', async (python) => {
    const file = await save('format=deepeval&turn_mode=conversation', 'conversations.json');
    const { turns, tools } = await load(python, 'deepeval-conversation', file);
    expect(turns).toEqual([
      ['user', 'assistant', 'user', 'assistant'],
      ['user', 'assistant', 'user'],
    ]);
    expect(tools).toEqual([['Read', 'Bash'], ['shell']]);
  });

  withTool('ragas', 'Ragas: single turns', async (python) => {
    const { inputs, answers } = await expected();
    const read = await load(python, 'ragas', await save('format=ragas', 'ragas.jsonl'));
    expect(read).toEqual({ type: 'SingleTurnSample', inputs, answers });
  });

  withTool('ragas', 'Ragas: conversations', async (python) => {
    const file = await save('format=ragas&turn_mode=conversation', 'turns.jsonl');
    expect(await load(python, 'ragas-conversation', file)).toEqual({
      type: 'MultiTurnSample',
      turns: [
        ['human', 'ai', 'tool', 'tool', 'ai', 'human', 'ai'],
        ['human', 'ai', 'tool', 'ai', 'human'],
      ],
    });
  });

  withTool('clients', 'Inspect AI', async (python) => {
    const { ids, inputs, ideals } = await expected();
    const metadata = ['claude-1', 'claude-1', 'codex-1'];
    const read = await load(python, 'inspect', await save('format=inspect', 'inspect.jsonl'));
    expect(read).toEqual({ ids, inputs, answers: ideals, metadata });
  });

  withTool('clients', 'LangSmith', async (python) => {
    const { inputs, ideals } = await expected();
    const metadata = ['claude-1', 'claude-1', 'codex-1'];
    const read = await load(python, 'langsmith', await save('format=langsmith', 'langsmith.jsonl'));
    expect(read).toEqual({ inputs, answers: ideals, metadata });
  });

  withTool('clients', 'the Evals API of OpenAI: items and their schema', async (python) => {
    const { ids, inputs } = await expected();
    await save('format=openai-api&part=schema', 'schema.json');
    const read = await load(python, 'openai-api', await save('format=openai-api', 'items.jsonl'));
    expect(read).toEqual({ ids, inputs });
  });

  withTool(
    'evals',
    'openai/evals: registry and samples, run with a model that answers the first one',
    async (python) => {
      const { inputs, ideals } = await expected();
      await save('format=openai&part=registry', 'evals', 'registry', 'evals', 'opensync.yaml');
      const file = await save('format=openai', 'evals', 'samples.jsonl');
      await save('format=openai', 'evals', 'registry', 'data', 'opensync', 'samples.jsonl');
      expect(await load(python, 'evals', file)).toEqual({
        classes: { opensync: 'FuzzyMatch', 'opensync.match.v1': 'Match', 'opensync.graded.v1': 'ModelBasedClassify' },
        inputs,
        answers: ideals,
        accuracy: expect.closeTo(1 / 3),
      });
    },
  );

  withTool('promptfoo', 'promptfoo: every test is run, with its texts as they are', async (place) => {
    const { inputs, answers } = await expected();
    const file = await save('format=promptfoo', 'promptfoo.jsonl');
    const env = {
      ...process.env,
      PROMPTFOO_DISABLE_TELEMETRY: '1',
      PROMPTFOO_DISABLE_UPDATE: '1',
      PROMPTFOO_DISABLE_REMOTE_GENERATION: '1',
      PROMPTFOO_CONFIG_DIR: join(folder.path, 'promptfoo'),
    };
    const { stdout } = await run(process.execPath, [join(scripts, 'load-promptfoo.mjs'), place, file], { env });
    const read = JSON.parse(stdout.trim().split('\n').at(-1)!) as Record<string, string[]>;
    // Invisible characters keep promptfoo from loading files and filling in templates.
    expect(read.inputs!.map((input) => input.replaceAll('\u200b', ''))).toEqual(inputs);
    expect(read).toMatchObject({ answers, passed: [true, true, true], asked: 0 });
    expect(read.graded!.some((prompt) => prompt.includes('not {{ user }}.'))).toBe(true);
  });

  withTool('clients', 'datasets: conversations of chat models', async (python) => {
    const read = await load(python, 'chat', await save('format=chat', 'chat.jsonl'));
    expect(read).toMatchObject({ columns: ['messages', 'metadata'], tools: [['Read', 'Bash'], ['shell']] });
    expect((read as { turns: string[][] }).turns[1]).toEqual(['user', 'assistant', 'tool', 'user', 'user']);
  });

  withTool('clients', 'datasets: conversations in the form of ShareGPT', async (python) => {
    const read = await load(python, 'sharegpt', await save('format=sharegpt', 'sharegpt.jsonl'));
    expect((read as { turns: string[][] }).turns[0]).toEqual([
      'system',
      'human',
      'gpt',
      'tool',
      'gpt',
      'tool',
      'gpt',
      'human',
      'gpt',
    ]);
  });

  withTool('harbor', 'ATIF: the validator of Harbor, and nothing lost in its model', async (harbor) => {
    const read = await load(places.clients ?? 'python3', 'atif', await save('format=atif', 'atif.jsonl'), {
      HARBOR: harbor,
    });
    expect(read).toMatchObject({ ids: ['claude-1', 'codex-1'] });
    expect((read as { observations: unknown[][] }).observations[0]).toEqual(['call-1', 'call-2']);
    expect((read as { sources: string[][] }).sources[1]).toEqual(['user', 'agent', 'user', 'user']);
  });
});
