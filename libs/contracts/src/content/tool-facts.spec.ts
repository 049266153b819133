import type { Json } from './json.ts';
import { normalizePart } from './normalize.ts';
import { toolFactsOf, type ToolFacts } from './tool-facts.ts';

const factsOf = (sent: Json): ToolFacts | undefined => {
  const { type, content } = normalizePart(sent).part;
  return toolFactsOf(type, content);
};

describe('the facts of a tool call or result', () => {
  it.each<[string, Json, ToolFacts]>([
    ['Claude Code plugin', { type: 'tool-call', content: { toolName: 'Bash', args: { a: 1 } } }, { toolName: 'Bash' }],
    ['its result', { type: 'tool-result', content: 'done' }, {}],
    [
      'Anthropic call',
      { type: 'tool_use', id: 'toolu_1', name: 'Read', input: {} },
      { toolName: 'Read', callId: 'toolu_1' },
    ],
    [
      'Anthropic result',
      { type: 'tool_result', tool_use_id: 'toolu_1', content: 'no', is_error: true },
      { callId: 'toolu_1', isError: true },
    ],
    [
      'OpenAI chat call',
      { id: 'call_1', type: 'function', function: { name: 'look', arguments: '{}' } },
      { toolName: 'look', callId: 'call_1' },
    ],
    [
      'OpenAI responses call, which has an id of its own',
      { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'look', arguments: '{}' },
      { toolName: 'look', callId: 'call_1' },
    ],
    [
      'its output',
      { type: 'function_call_output', id: 'fco_1', call_id: 'call_1', output: 'found' },
      { callId: 'call_1' },
    ],
    [
      'AI SDK result',
      { type: 'tool-result', toolCallId: 'c1', toolName: 'look', output: { type: 'error-text', value: 'no' } },
      { toolName: 'look', callId: 'c1', isError: true },
    ],
    [
      'OpenCode tool part',
      {
        type: 'tool',
        callID: 'c1',
        tool: 'bash',
        state: { status: 'completed', input: {}, output: 'ok', time: { start: 1_000, end: 1_250 } },
      },
      { toolName: 'bash', callId: 'c1', hasResult: true, durationMs: 250 },
    ],
    [
      'OpenCode tool part that failed',
      { type: 'tool', callID: 'c1', tool: 'bash', state: { status: 'error', input: {}, error: 'not found' } },
      { toolName: 'bash', callId: 'c1', hasResult: true, isError: true },
    ],
    [
      'Droid call with its result',
      { type: 'tool_use', content: { toolName: 'Edit', args: {}, result: 'ok', durationMs: 12.4 } },
      { toolName: 'Edit', hasResult: true, durationMs: 12 },
    ],
    [
      'Gemini call and response',
      { functionCall: { id: 'g1', name: 'look', args: {} } },
      { toolName: 'look', callId: 'g1' },
    ],
    [
      'Codex command',
      {
        type: 'local_shell_call_output',
        call_id: 'c1',
        output: 'x',
        metadata: { exit_code: 2, duration_seconds: 1.5 },
      },
      { callId: 'c1', isError: true, durationMs: 1_500 },
    ],
    [
      'MCP result',
      { type: 'tool-result', tool_call_id: 'c1', result: { content: [], isError: true } },
      { callId: 'c1', isError: true },
    ],
    [
      'nothing that means an error',
      { type: 'tool-result', tool_call_id: 'c1', error: null, exit_code: 0, result: 'x' },
      { callId: 'c1' },
    ],
    [
      'times instead of a duration',
      { type: 'tool-result', durationMs: 1_767_225_600_000_000, result: 'x', id: '' },
      {},
    ],
  ])('%s', (_name, sent, expected) => {
    expect(factsOf(sent)).toEqual(expected);
  });

  it('are bounded, and unknown for other parts', () => {
    const facts = factsOf({ type: 'tool_use', id: 'i'.repeat(9_000), name: 'n'.repeat(9_000), input: {} })!;
    expect([facts.toolName!.length, facts.callId!.length]).toEqual([128, 256]);
    expect(factsOf({ type: 'text', text: 'x', id: 'y' })).toBeUndefined();
    expect(toolFactsOf('tool-call', undefined)).toEqual({});
  });
});
