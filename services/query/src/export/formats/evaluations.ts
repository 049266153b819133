import type { ToolCall } from '../record.ts';
import type { ChatLine, TestCase } from '../test-cases.ts';
import { provenance, type CaseFormat } from './format.ts';
import { argumentsOf, textOfJson } from './json-text.ts';

const SINGLE_TURNS = ['per_turn', 'final_only', 'full'] as const;

/** `tools_called` of DeepEval, whose loaders refuse null here. */
function deepevalTools(calls: readonly ToolCall[]) {
  return calls.map(({ name, args, result }) => ({
    name,
    input_parameters: argumentsOf(args),
    ...(result && { output: textOfJson(result.content) }),
  }));
}

/** Loads as goldens (`add_goldens_from_json_file`) and as test cases (`add_test_cases_from_json_file`). */
export const deepeval: CaseFormat = {
  kind: 'cases',
  name: 'deepeval',
  meaning: 'DeepEval: goldens and test cases; with `turn_mode=conversation` conversational goldens',
  mediaType: 'application/json',
  extension: 'json',
  framing: 'array',
  turnModes: [...SINGLE_TURNS, 'conversation'],
  row: (testCase, session, { turnMode, includeMetadata }) => {
    const metadata = includeMetadata && {
      additional_metadata: provenance(testCase, session),
      source_file: session.externalId,
    };
    const comments = session.evalNotes === null ? {} : { comments: session.evalNotes };
    if (turnMode === 'conversation') {
      return {
        scenario: session.title ?? testCase.input.slice(0, 200).toWellFormed(),
        turns: testCase.history
          .filter(({ role }) => role !== 'system')
          .map(({ role, content, toolCalls }) => ({
            role,
            content,
            ...(toolCalls && { tools_called: deepevalTools(toolCalls) }),
          })),
        expected_outcome: testCase.expected,
        context: testCase.history.filter(({ role }) => role === 'system').map(({ content }) => content),
        name: testCase.id,
        ...comments,
        ...metadata,
      };
    }
    return {
      input: testCase.input,
      actual_output: testCase.answer,
      expected_output: testCase.expected,
      context: testCase.history.map(({ content }) => content),
      retrieval_context: null,
      tools_called: deepevalTools(testCase.toolCalls),
      expected_tools: testCase.expected === null ? [] : deepevalTools(testCase.toolCalls),
      name: testCase.id,
      ...comments,
      // The original's place for it, which DeepEval itself does not read.
      ...(metadata && { ...metadata, metadata: metadata.additional_metadata }),
    };
  },
};

/** The conversation up to the question, as chat models take it. */
function chatInput({ history, input }: TestCase): { role: ChatLine['role']; content: string }[] {
  return [...history.map(({ role, content }) => ({ role, content })), { role: 'user', content: input }];
}

const REGISTRY = `# Put this file into registry/evals, and the samples into registry/data/opensync/samples.jsonl, then run:
#   oaieval <model> opensync --registry_path registry
opensync:
  id: opensync.fuzzy.v1
  description: Turns of coding sessions, exported from OpenSync
  metrics: [accuracy]
opensync.fuzzy.v1:
  class: evals.elsuite.basic.fuzzy_match:FuzzyMatch
  args:
    samples_jsonl: opensync/samples.jsonl
opensync.match.v1:
  class: evals.elsuite.basic.match:Match
  args:
    samples_jsonl: opensync/samples.jsonl
opensync.graded.v1:
  class: evals.elsuite.modelgraded.classify:ModelBasedClassify
  args:
    samples_jsonl: opensync/samples.jsonl
    eval_type: cot_classify
    modelgraded_spec: fact
`;

/** Samples of the framework openai/evals. */
export const openaiEvals: CaseFormat = {
  kind: 'cases',
  name: 'openai',
  meaning: 'the framework openai/evals; `part=registry` is its YAML, and `archive=zip` has both',
  mediaType: 'application/x-ndjson',
  extension: 'jsonl',
  framing: 'lines',
  turnModes: SINGLE_TURNS,
  companion: {
    part: 'registry',
    file: 'registry/evals/opensync.yaml',
    mediaType: 'application/yaml',
    content: () => REGISTRY,
  },
  row: (testCase, session, { includeMetadata }) => ({
    input: chatInput(testCase),
    ideal: testCase.expected ?? testCase.answer,
    ...(includeMetadata && { metadata: { ...provenance(testCase, session), source: session.source } }),
  }),
};

const ITEM_SCHEMA = {
  type: 'object',
  properties: {
    id: { type: 'string' },
    input: { type: 'string' },
    messages: {
      type: 'array',
      items: {
        type: 'object',
        properties: { role: { type: 'string' }, content: { type: 'string' } },
        required: ['role', 'content'],
      },
    },
    answer: { type: 'string' },
    expected: { type: 'string' },
    session_id: { type: 'string' },
    model: { type: 'string' },
    tool: { type: 'string' },
    tags: { type: 'array', items: { type: 'string' } },
    eval_status: { type: 'string' },
  },
  required: ['id', 'input', 'messages', 'answer', 'expected'],
} as const;

/** Items for the Evals API of OpenAI. Everything that the schema names is text, since it has no place for null. */
export const openaiApi: CaseFormat = {
  kind: 'cases',
  name: 'openai-api',
  meaning: 'the Evals API of OpenAI: a file of items; `part=schema` is the `data_source_config` of the eval',
  mediaType: 'application/x-ndjson',
  extension: 'jsonl',
  framing: 'lines',
  turnModes: SINGLE_TURNS,
  companion: {
    part: 'schema',
    file: 'data_source_config.json',
    mediaType: 'application/json',
    content: () =>
      `${JSON.stringify({ type: 'custom', item_schema: ITEM_SCHEMA, include_sample_schema: true }, undefined, 2)}\n`,
  },
  row: (testCase, session, { includeMetadata }) => ({
    item: {
      id: testCase.id,
      input: testCase.input,
      messages: chatInput(testCase),
      answer: testCase.answer,
      expected: testCase.expected ?? testCase.answer,
      ...(includeMetadata && {
        session_id: session.externalId,
        model: testCase.model ?? '',
        tool: session.source,
        tags: session.evalTags,
        eval_status: session.evalStatus ?? '',
      }),
    },
  }),
};

/** What a task is about, by its words, under the original's names. */
function taskType(input: string): string {
  const words = input.slice(0, 2_000).toLowerCase();
  if (/\b(?:fix|bug|error|broken|fails?|failing|crash|issue)\b/.test(words)) return 'bug_fix';
  if (/\brefactor|\brename|\bclean ?up|\bsimplify|\brestructure/.test(words)) return 'refactoring';
  if (/\b(?:explain|why|what (?:is|does|are)|how does|describe)\b/.test(words)) return 'explanation';
  if (/\b(?:add|create|implement|write|build|generate|make)\b/.test(words)) return 'code_generation';
  return 'general';
}

const LOADS_FILE = /^(?=\s*(?:file|https?|package|exec|python):)/i;

/** What promptfoo fills in within a variable: other variables, the environment, and blocks that switch that off. */
const FILLED_IN = /\{(?=\{-?\s*(?:input|history|language|task_type|env|_\w+)\b|%-?\s*(?:end)?raw\b)/g;

/** promptfoo loads a file for a text that begins with the URL of one. An invisible character makes both what they are: text. */
function asVariable(text: string): string {
  return text.replace(LOADS_FILE, '\u200b').replaceAll(FILLED_IN, '{\u200b');
}

/** promptfoo fills in what looks like a template in an assertion, but not in a variable. */
function withoutTemplate(text: string): string {
  if (!/\{[{%#]/.test(text)) return text;
  return `{% raw %}${text.replaceAll(/\{%-?\s*endraw\s*-?%\}/g, '{ % endraw % }')}{% endraw %}`;
}

export const promptfoo: CaseFormat = {
  kind: 'cases',
  name: 'promptfoo',
  meaning: 'promptfoo: `tests: file://…jsonl`, with the agent’s answer as `providerOutput`',
  mediaType: 'application/x-ndjson',
  extension: 'jsonl',
  framing: 'lines',
  turnModes: SINGLE_TURNS,
  row: (testCase, session, { includeMetadata }) => {
    const language = /^ {0,3}```([\w+#-]{1,20})/m.exec(testCase.answer)?.[1];
    return {
      description: `${session.externalId} #${testCase.index + 1}`,
      vars: {
        input: asVariable(testCase.input),
        history: asVariable(testCase.history.map(({ role, content }) => `${role}: ${content}`).join('\n\n')),
        ...(language !== undefined && { language }),
        task_type: taskType(testCase.input),
      },
      ...(testCase.answer !== '' && { providerOutput: testCase.answer }),
      ...(testCase.expected !== null && {
        assert: [{ type: 'llm-rubric', value: withoutTemplate(`Response should match: ${testCase.expected}`) }],
      }),
      ...(includeMetadata && { metadata: provenance(testCase, session) }),
    };
  },
};

export const ragas: CaseFormat = {
  kind: 'cases',
  name: 'ragas',
  meaning: 'Ragas: single turns; with `turn_mode=conversation` multi-turn samples',
  mediaType: 'application/x-ndjson',
  extension: 'jsonl',
  framing: 'lines',
  turnModes: [...SINGLE_TURNS, 'conversation'],
  row: (testCase, session, { turnMode }) => {
    const reference = testCase.expected === null ? {} : { reference: testCase.expected };
    if (turnMode !== 'conversation') {
      return { user_input: testCase.input, response: testCase.answer, ...reference };
    }
    return {
      user_input: testCase.history.flatMap(({ role, content, toolCalls }) => {
        if (role === 'system') return [];
        if (role === 'user') return [{ type: 'human', content }];
        const calls = toolCalls?.map(({ name, args }) => ({ name, args: argumentsOf(args) }));
        // Tools answer before the agent does, and only what an agent has called may answer.
        const results = (toolCalls ?? []).flatMap(({ result }) =>
          result ? [{ type: 'tool', content: textOfJson(result.content) }] : [],
        );
        if (!calls) return [{ type: 'ai', content }];
        return [
          { type: 'ai', content: '', tool_calls: calls },
          ...results,
          ...(content === '' ? [] : [{ type: 'ai', content }]),
        ];
      }),
      ...reference,
      ...(session.evalTags.length > 0 && { reference_topics: session.evalTags }),
    };
  },
};

export const langsmith: CaseFormat = {
  kind: 'cases',
  name: 'langsmith',
  meaning: 'LangSmith: examples for `create_examples`, a line each',
  mediaType: 'application/x-ndjson',
  extension: 'jsonl',
  framing: 'lines',
  turnModes: SINGLE_TURNS,
  row: (testCase, session, { includeMetadata }) => ({
    inputs: { messages: chatInput(testCase) },
    outputs: { messages: [{ role: 'assistant', content: testCase.expected ?? testCase.answer }] },
    ...(includeMetadata && { metadata: provenance(testCase, session) }),
    ...(session.evalStatus !== null && { split: session.evalStatus }),
  }),
};

export const inspect: CaseFormat = {
  kind: 'cases',
  name: 'inspect',
  meaning: 'Inspect AI: `json_dataset`',
  mediaType: 'application/x-ndjson',
  extension: 'jsonl',
  framing: 'lines',
  turnModes: SINGLE_TURNS,
  row: (testCase, session, { includeMetadata }) => ({
    id: testCase.id,
    input: testCase.history.length > 0 ? chatInput(testCase) : testCase.input,
    target: testCase.expected ?? testCase.answer,
    ...(includeMetadata && { metadata: provenance(testCase, session) }),
  }),
};
