import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import type { Json } from './json.ts';
import { tokenOf } from './media.ts';
import { normalizePart, normalizeParts } from './normalize.ts';
import { mediaAsSent, putBack } from './put-back.ts';

const shapeOf = (sent: Json) => {
  const { media: _media, ...shape } = normalizePart(sent).part;
  return shape;
};

const PNG = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), randomBytes(100)]);
const png = PNG.toString('base64');
const WAV = Buffer.concat([Buffer.from('RIFF0000WAVE'), randomBytes(100)]);
const wav = WAV.toString('base64');
const PDF = Buffer.concat([Buffer.from('%PDF-1.7\n'), randomBytes(100)]);
const pdf = PDF.toString('base64');

describe('text', () => {
  it.each<[Json, string, Json?]>([
    ['hi', 'hi'],
    [{ type: 'text', content: 'hi' }, 'hi'],
    [{ type: 'text', content: { text: 'hi' } }, 'hi'],
    [{ type: 'text', content: { content: 'hi' } }, 'hi'],
    [{ type: 'text', text: 'hi' }, 'hi'],
    [{ type: 'text', text: { value: 'hi', annotations: [] } }, 'hi', { text: { value: 'hi', annotations: [] } }],
    [{ type: 'text', value: 'hi' }, 'hi'],
    [
      { type: 'text', text: 'hi', cache_control: { type: 'ephemeral' } },
      'hi',
      { cache_control: { type: 'ephemeral' } },
    ],
    [
      { type: 'text', content: [{ type: 'text', text: 'a' }, 'b'] },
      'a\nb',
      { content: [{ type: 'text', text: 'a' }, 'b'] },
    ],
    [{ type: 'input_text', text: 'hi' }, 'hi'],
    [{ type: 'output_text', text: 'hi', annotations: [], logprobs: [] }, 'hi', { annotations: [], logprobs: [] }],
    [{ type: 'refusal', refusal: 'no' }, 'no', { type: 'refusal' }],
    [{ type: 'agent_message', message: 'done' }, 'done', { type: 'agent_message' }],
    [
      { type: 'text', id: 'prt_1', sessionID: 's', messageID: 'm', text: 'hi' },
      'hi',
      { id: 'prt_1', sessionID: 's', messageID: 'm' },
    ],
    [{ text: 'without a type' }, 'without a type'],
    [{ type: '', text: 'with an empty one' }, 'with an empty one'],
    [{ type: null, text: 'with null' }, 'with null'],
    [{ type: 'text', content: '' }, ''],
    [{ type: 'text' }, ''],
    [
      { type: 'document', title: 'Notes', source: { type: 'text', media_type: 'text/plain', data: 'all of it' } },
      'all of it',
      { type: 'document', title: 'Notes', source: { type: 'text', media_type: 'text/plain' } },
    ],
    [
      { type: 'resource', resource: { uri: 'file:///a.md', mimeType: 'text/markdown', text: '# A' } },
      '# A',
      { type: 'resource', resource: { uri: 'file:///a.md', mimeType: 'text/markdown' } },
    ],
  ])('%j', (...[sent, content, extra]) => {
    expect(shapeOf(sent)).toEqual({ type: 'text', content, ...(extra !== undefined && { extra }) });
  });
});

describe('reasoning', () => {
  it.each<[Json, string, Json?]>([
    [{ type: 'thinking', thinking: 'hm' }, 'hm'],
    [{ type: 'thinking', thinking: 'hm', signature: 'EqQB' }, 'hm', { signature: 'EqQB' }],
    [{ type: 'redacted_thinking', data: 'EmwK' }, '', { type: 'redacted_thinking', data: 'EmwK' }],
    [{ type: 'reasoning', text: 'hm', time: { start: 1 } }, 'hm', { time: { start: 1 } }],
    [
      { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'a plan' }], encrypted_content: 'gAAA' },
      'a plan',
      { id: 'rs_1', summary: [{ type: 'summary_text', text: 'a plan' }], encrypted_content: 'gAAA' },
    ],
    [{ type: 'reasoning', summary: [], encrypted_content: 'gAAA' }, '', { summary: [], encrypted_content: 'gAAA' }],
    [
      { type: 'reasoning', summary: [], content: [{ type: 'reasoning_text', text: 'whole' }] },
      'whole',
      { summary: [], content: [{ type: 'reasoning_text', text: 'whole' }] },
    ],
    [{ text: 'hm', thought: true, thoughtSignature: 'Cq' }, 'hm', { thoughtSignature: 'Cq' }],
    [
      { type: 'reasoning', reasoning: 'hm', details: [{ type: 'redacted', data: 'x' }] },
      'hm',
      { details: [{ type: 'redacted', data: 'x' }] },
    ],
    [
      { reasoningContent: { reasoningText: { text: 'hm', signature: 's' } } },
      'hm',
      { reasoningContent: { reasoningText: { text: 'hm', signature: 's' } } },
    ],
    [{ reasoningContent: { redactedContent: 'x' } }, '', { reasoningContent: { redactedContent: 'x' } }],
    [{ type: 'agent_reasoning', text: '**Planning**' }, '**Planning**', { type: 'agent_reasoning' }],
    [
      { type: 'thinking', thinking: 'hm', thinkingSignature: '{"id":"rs"}' },
      'hm',
      { thinkingSignature: '{"id":"rs"}' },
    ],
  ])('%j', (...[sent, content, extra]) => {
    expect(shapeOf(sent)).toEqual({ type: 'reasoning', content, ...(extra !== undefined && { extra }) });
  });
});

describe('a tool call', () => {
  it.each<[string, Json, Json]>([
    [
      'ours',
      { type: 'tool-call', content: { toolName: 'Bash', args: { a: 1 } } },
      { toolName: 'Bash', args: { a: 1 } },
    ],
    ['flat', { type: 'tool-call', toolName: 'Bash', args: { a: 1 } }, { toolName: 'Bash', args: { a: 1 } }],
    [
      'Droid',
      { type: 'tool_use', content: { toolName: 'Bash', args: {}, result: 'ok' } },
      { toolName: 'Bash', args: {}, result: 'ok' },
    ],
    [
      'Anthropic',
      { type: 'tool_use', id: 't', name: 'Bash', input: { a: 1 } },
      { toolName: 'Bash', args: { a: 1 }, id: 't' },
    ],
    [
      'Anthropic, of a server',
      { type: 'server_tool_use', id: 't', name: 'web_search', input: { query: 'q' } },
      { toolName: 'web_search', args: { query: 'q' }, id: 't' },
    ],
    [
      'OpenCode',
      { type: 'tool', tool: 'bash', state: { input: { a: 1 }, output: 'ok' } },
      { toolName: 'bash', args: { a: 1 }, result: 'ok' },
    ],
    [
      'OpenAI chat',
      { type: 'function', id: 'c', function: { name: 'X', arguments: '{"a":1}' } },
      { toolName: 'X', args: '{"a":1}', id: 'c' },
    ],
    [
      'OpenAI responses',
      { type: 'function_call', call_id: 'c', name: 'X', arguments: '{}' },
      { toolName: 'X', args: '{}', call_id: 'c' },
    ],
    [
      'OpenAI, search',
      { type: 'web_search_call', status: 'completed', action: { type: 'search', query: 'q' } },
      { toolName: 'web_search', status: 'completed', args: { type: 'search', query: 'q' } },
    ],
    [
      'OpenAI, MCP',
      { type: 'mcp_call', server_label: 's', name: 'X', arguments: '{}', output: 'ok' },
      { toolName: 'X', args: '{}', result: 'ok', server_label: 's' },
    ],
    [
      'Codex',
      { type: 'local_shell_call', action: { type: 'exec', command: ['ls'] } },
      { toolName: 'local_shell', args: { type: 'exec', command: ['ls'] } },
    ],
    [
      'Codex, custom',
      { type: 'custom_tool_call', name: 'apply_patch', input: '*** Begin' },
      { toolName: 'apply_patch', args: '*** Begin' },
    ],
    [
      'Codex, executed',
      { type: 'command_execution', command: 'ls', exit_code: 0 },
      { toolName: 'command_execution', command: 'ls', exit_code: 0 },
    ],
    [
      'Gemini',
      { functionCall: { name: 'X', args: { a: 1 } }, thoughtSignature: 's' },
      { toolName: 'X', args: { a: 1 }, thoughtSignature: 's' },
    ],
    [
      'Gemini, code',
      { executableCode: { language: 'PYTHON', code: '1' } },
      { toolName: 'executable_code', args: { language: 'PYTHON', code: '1' } },
    ],
    [
      'Pi',
      { type: 'toolCall', id: 'c', name: 'bash', arguments: { command: 'ls' } },
      { toolName: 'bash', args: { command: 'ls' }, id: 'c' },
    ],
    [
      'the AI SDK',
      { type: 'tool-call', toolCallId: 'c', toolName: 'X', input: { a: 1 } },
      { toolName: 'X', args: { a: 1 }, toolCallId: 'c' },
    ],
    [
      'the AI SDK’s interface',
      { type: 'tool-getWeather', toolCallId: 'c', state: 'output-available', input: {}, output: 'sun' },
      { toolName: 'getWeather', args: {}, result: 'sun', toolCallId: 'c', state: 'output-available' },
    ],
    [
      'the AI SDK’s former interface',
      { type: 'tool-invocation', toolInvocation: { state: 'result', toolName: 'X', args: {}, result: 1 } },
      { toolName: 'X', args: {}, result: 1, state: 'result' },
    ],
    ['Bedrock', { toolUse: { toolUseId: 'c', name: 'X', input: {} } }, { toolName: 'X', args: {}, toolUseId: 'c' }],
    [
      'Cursor',
      { type: 'tool_call', name: 'edit_file', rawInput: { path: 'a' } },
      { toolName: 'edit_file', args: { path: 'a' } },
    ],
    [
      'a subtask',
      { type: 'subtask', prompt: 'look', agent: 'explore' },
      { toolName: 'subtask', prompt: 'look', agent: 'explore' },
    ],
    ['text for content', { type: 'tool-call', content: 'raw string' }, { toolName: 'unknown', args: 'raw string' }],
    ['an empty name', { type: 'tool-call', toolName: '', name: 'Y' }, { toolName: 'Y' }],
    ['nulls', { type: 'tool-call', name: 'X', input: null, content: null, state: { output: null } }, { toolName: 'X' }],
    ['nothing', { type: 'tool-call' }, { toolName: 'unknown' }],
    [
      'the same name three times',
      { type: 'tool-call', id: 'part', outer: 7, content: { id: 'call', name: 'X' }, function: { id: 'function' } },
      { id: 'function', toolName: 'X', outer: 7, outer2: { id: 'part' }, outer3: { id: 'call' } },
    ],
  ])('as %s has it', (_, sent, content) => expect(shapeOf(sent)).toEqual({ type: 'tool-call', content }));
});

describe('a tool result', () => {
  it.each<[string, Json, Json]>([
    ['ours', { type: 'tool-result', content: 'done' }, 'done'],
    ['text in an object', { type: 'tool_result', content: { text: 'done' } }, 'done'],
    [
      'Anthropic',
      { type: 'tool_result', tool_use_id: 't', is_error: true, content: 'ENOENT' },
      { tool_use_id: 't', is_error: true, result: 'ENOENT' },
    ],
    [
      'Anthropic, search',
      { type: 'web_search_tool_result', tool_use_id: 't', content: [{ type: 'web_search_result', title: 'T' }] },
      { tool_use_id: 't', result: [{ type: 'web_search_result', title: 'T' }] },
    ],
    [
      'OpenAI responses',
      { type: 'function_call_output', call_id: 'c', output: '{"ok":true}' },
      { call_id: 'c', result: '{"ok":true}' },
    ],
    ['Codex', { type: 'custom_tool_call_output', call_id: 'c', output: 'ok' }, { call_id: 'c', result: 'ok' }],
    [
      'Gemini',
      { functionResponse: { name: 'X', response: { output: 'ok' } } },
      { name: 'X', result: { output: 'ok' } },
    ],
    [
      'Gemini, code',
      { codeExecutionResult: { outcome: 'OUTCOME_OK', output: '2' } },
      { outcome: 'OUTCOME_OK', result: '2' },
    ],
    [
      'Bedrock',
      { toolResult: { toolUseId: 'c', content: [{ text: 'ok' }] } },
      { toolUseId: 'c', result: [{ text: 'ok' }] },
    ],
    [
      'the AI SDK',
      { type: 'tool-result', toolCallId: 'c', toolName: 'X', output: { type: 'text', value: 'ok' } },
      { toolCallId: 'c', toolName: 'X', result: { type: 'text', value: 'ok' } },
    ],
    [
      'both of two results',
      { type: 'tool_result', content: 'preview', result: { full: 1 } },
      { result: 'preview', outer: { result: { full: 1 } } },
    ],
    ['an error without a result', { type: 'tool_result', error: 'timeout' }, { error: 'timeout' }],
    ['nothing', { type: 'tool_result' }, ''],
  ])('as %s has it', (_, sent, content) => expect(shapeOf(sent)).toEqual({ type: 'tool-result', content }));
});

describe('media', () => {
  it.each<[string, Json, object]>([
    [
      'Anthropic',
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } },
      { mediaType: 'image/png', size: PNG.length },
    ],
    [
      'Anthropic, a document',
      { type: 'document', title: 'Paper', source: { type: 'base64', media_type: 'application/pdf', data: pdf } },
      { mediaType: 'application/pdf', size: PDF.length, name: 'Paper' },
    ],
    [
      'OpenAI chat',
      { type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } },
      { mediaType: 'image/png', size: PNG.length },
    ],
    [
      'OpenAI, audio',
      { type: 'input_audio', input_audio: { format: 'wav', data: wav } },
      { mediaType: 'audio/wav', size: WAV.length },
    ],
    [
      'OpenAI, a file',
      { type: 'file', file: { filename: 'a.pdf', file_data: `data:application/pdf;base64,${pdf}` } },
      { mediaType: 'application/pdf', size: PDF.length, name: 'a.pdf' },
    ],
    [
      'OpenAI responses',
      { type: 'input_file', filename: 'a.pdf', file_data: pdf },
      { mediaType: 'application/pdf', size: PDF.length, name: 'a.pdf' },
    ],
    ['Gemini', { inlineData: { mimeType: 'image/png', data: png } }, { mediaType: 'image/png', size: PNG.length }],
    [
      'OpenCode',
      { type: 'file', mime: 'image/png', filename: 'a.png', url: `data:image/png;base64,${png}` },
      { mediaType: 'image/png', size: PNG.length, name: 'a.png' },
    ],
    ['Bedrock', { image: { format: 'png', source: { bytes: png } } }, { mediaType: 'image/png', size: PNG.length }],
    [
      'the AI SDK',
      { type: 'file', mediaType: 'application/octet-stream', filename: 'a', data: png },
      { mediaType: 'image/png', size: PNG.length, name: 'a' },
    ],
    [
      'OpenTelemetry',
      { type: 'blob', modality: 'image', mime_type: 'image/png', content: png },
      { mediaType: 'image/png', size: PNG.length },
    ],
  ])('as %s has it', (_, sent, content) => {
    const { part, blobs } = normalizePart(sent);
    expect(blobs).toHaveLength(1);
    expect(part).toEqual({
      type: 'media',
      content: { ...content, sha256: blobs[0]!.sha256 },
      extra: expect.anything() as unknown,
      media: [expect.objectContaining({ sha256: blobs[0]!.sha256 })],
    });
    expect(putBack(part.extra!, part.media!, (reference) => mediaAsSent(reference, blobs[0]!.bytes))).toEqual(sent);
  });

  it.each<[Json, object]>([
    [
      { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
      { uri: 'https://example.com/a.png' },
    ],
    [{ type: 'image_url', image_url: { url: 'https://example.com/a.png' } }, { uri: 'https://example.com/a.png' }],
    [
      { fileData: { mimeType: 'video/mp4', fileUri: 'gs://bucket/a' } },
      { uri: 'gs://bucket/a', mediaType: 'video/mp4' },
    ],
    [
      { type: 'file', mime: 'text/x-c', filename: 'a.c', url: 'file:///a.c' },
      { uri: 'file:///a.c', mediaType: 'text/x-c', name: 'a.c' },
    ],
  ])('may be an address alone: %j', (sent, content) => {
    expect(shapeOf(sent)).toEqual({ type: 'media', content, extra: sent });
  });

  it('is the file itself, not an icon in its text', () => {
    const { part } = normalizePart({
      type: 'file',
      path: 'a.css',
      content: `a{background:url(data:image/png;base64,${randomBytes(900).toString('base64')})}`,
    });
    expect(part).toEqual({ type: 'other', content: expect.anything() as unknown, media: [expect.anything()] });
  });

  it('within a tool result becomes tokens, and the result is otherwise unchanged', () => {
    const sent: Json = {
      type: 'tool_result',
      content: [
        { type: 'text', text: 'shot' },
        { type: 'image', data: png, mimeType: 'image/png' },
      ],
    };
    const { part } = normalizePart(sent);
    expect(part).toMatchObject({
      type: 'tool-result',
      content: [{ text: 'shot' }, { type: 'image', data: tokenOf(part.media![0]!, 0), mimeType: 'image/png' }],
    });
  });
});

describe('a part of another kind', () => {
  it.each<Json>([
    { type: 'step-start', snapshot: 'abc' },
    { type: 'step-finish', reason: 'stop', cost: 0.1, tokens: { input: 1 } },
    { type: 'snapshot', snapshot: 'abc' },
    { type: 'patch', hash: 'abc', files: ['a.ts'] },
    { type: 'agent', name: 'explore', source: { value: '@explore', start: 0, end: 8 } },
    { type: 'retry', attempt: 1, error: { message: 'overloaded' } },
    { type: 'compaction', auto: true },
    { type: 'file', path: 'a.ts', size: 3 },
    { type: 'image', source: { type: 'file', file_id: 'file_1' } },
    { type: 'text', text: { odd: true } },
    { type: 'constructor', content: 'x' },
    { type: 7, content: { a: 1 } },
    { unheard: 'of' },
    {},
    5,
    true,
  ])('is kept as it was sent: %j', (sent) => expect(shapeOf(sent)).toEqual({ type: 'other', content: sent }));
});

describe('the parts of a message', () => {
  const typesOf = (sent: unknown) => normalizeParts(sent).parts?.map(({ type, content }) => [type, content]);

  it('are absent if none are sent, and an empty list if an empty list is sent', () => {
    expect(normalizeParts(undefined).parts).toBeUndefined();
    expect(normalizeParts(null).parts).toBeUndefined();
    expect(normalizeParts([])).toEqual({ parts: [], blobs: [], warnings: [] });
  });

  it('is one part if it is sent without a list', () => {
    expect(typesOf({ type: 'text', text: 'hi' })).toEqual([['text', 'hi']]);
    expect(typesOf('hi')).toEqual([['text', 'hi']]);
  });

  it('may be lists within the list', () => {
    expect(typesOf([['a', { text: 'b' }], 'c'])).toEqual([
      ['text', 'a'],
      ['text', 'b'],
      ['text', 'c'],
    ]);
  });

  it.each([[null], [[]], [7], [true]])('are stored without an invalid one: %j', (odd) => {
    const { parts, warnings } = normalizeParts([{ type: 'text', content: 'the answer' }, odd, 'more']);
    expect(parts!.map(({ content }) => content)).toEqual(['the answer', 'more']);
    expect(warnings).toEqual([{ path: 'parts.1', reason: 'not-a-part', message: 'left out: not a part' }]);
  });

  it.each([[5], [true]])('stay unchanged if the value is not a list of parts: %j', (odd) => {
    expect(normalizeParts(odd)).toEqual({
      parts: undefined,
      blobs: [],
      warnings: [expect.objectContaining({ path: 'parts' })],
    });
  });

  it('lose only what no store accepts', () => {
    let deep: Json = 'deep';
    for (let depth = 0; depth < 50_000; depth += 1) deep = [deep];
    const { parts, warnings } = normalizeParts([
      { type: 'text', text: 'a\ud800b' },
      { type: 'tool-call', name: 'X', input: JSON.parse('{"__proto__":{"a":1},"b":2}') as Json },
      { type: 'tool-result', content: deep },
    ]);
    expect(parts!.slice(0, 2)).toEqual([
      { type: 'text', content: 'a\ufffdb' },
      { type: 'tool-call', content: { toolName: 'X', args: { b: 2 } } },
    ]);
    expect(JSON.stringify(parts![2])).toContain('[[[null]]]');
    expect(warnings.map(({ path }) => path)).toEqual([
      'parts.0.text',
      'parts.1.input.__proto__',
      expect.stringMatching(/^parts\.2\.content(\.0)+$/),
    ]);
  });

  it('are at most ten thousand, and the last one holds the rest', () => {
    const { parts, warnings } = normalizeParts(Array.from({ length: 10_005 }, (_, n) => `${n}`));
    expect(parts).toHaveLength(10_000);
    expect(parts![9_999]).toEqual({ type: 'other', content: ['9999', '10000', '10001', '10002', '10003', '10004'] });
    expect(warnings).toHaveLength(1);
    expect(normalizeParts(Array.from({ length: 10_000 }, (_, n) => `${n}`))).toMatchObject({ warnings: [] });
  });

  const name = fc.constantFrom(
    'type',
    'text',
    'content',
    'id',
    'name',
    'input',
    'function',
    'state',
    'result',
    'output',
    'outer',
    'source',
    'data',
    'summary',
    'thinking',
    'resource',
    'url',
  );
  const type = fc.constantFrom(
    'text',
    'thinking',
    'tool_use',
    'tool',
    'tool_result',
    'image',
    'document',
    'file',
    'functionCall',
    'reasoning',
    'step-start',
    'tool-x',
  );
  const { value } = fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.integer({ min: 1_000, max: 9_999_999 }).map((n) => `w${n}`),
      type,
      fc.constantFrom<Json>(null, true, 7, ''),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.oneof({ weight: 9, arbitrary: name }, { weight: 1, arbitrary: fc.string() }), tie('value'), {
        maxKeys: 5,
        noNullPrototype: true,
      }),
    ),
  }));

  it('never throw, and never lose a word', () => {
    const wordsOf = (json: unknown) => new Set(JSON.stringify(json).match(/"w\d+"/g) ?? []);
    fc.assert(
      fc.property(fc.oneof(value, fc.array(value)), (sent) => {
        const { parts, warnings } = normalizeParts(sent);
        if (warnings.length > 0) return;
        const kept = JSON.stringify(parts ?? []);
        for (const word of wordsOf(sent)) expect(kept).toContain(word.slice(1, -1));
      }),
      { numRuns: 5_000 },
    );
  });

  it('never throw, whatever JSON is sent', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (sent) => void normalizeParts(sent)),
      { numRuns: 2_000 },
    );
  });
});
