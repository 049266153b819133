import { isEdit, readCall, resultText } from './tools.ts';

describe('a call of a tool', () => {
  it.each([
    [
      { toolName: 'Bash', args: { command: 'ls  -la', description: 'List' } },
      { name: 'Bash', summary: 'ls -la', command: 'ls  -la' },
    ],
    [{ toolName: 'shell', args: '{"command":["git","status"]}' }, { command: 'git status' }],
    [
      { toolName: 'Edit', args: { file_path: '/a', old_string: 'x', new_string: 'y' } },
      { path: '/a', edits: [{ before: 'x', after: 'y' }], rest: { file_path: '/a' } },
    ],
    [
      {
        toolName: 'MultiEdit',
        args: {
          file_path: '/a',
          edits: [
            { old_string: 'x', new_string: 'y' },
            { old_string: '1', new_string: '' },
          ],
        },
      },
      {
        edits: [
          { before: 'x', after: 'y' },
          { before: '1', after: '' },
        ],
      },
    ],
    [{ toolName: 'Write', args: { file_path: '/a', content: 'new' } }, { edits: [{ before: '', after: 'new' }] }],
    [{ toolName: 'apply_patch', args: '*** Begin Patch\n+x' }, { patch: '*** Begin Patch\n+x' }],
    [
      { toolName: 'Grep', args: { pattern: 'useState', path: 'src' } },
      { summary: 'src', rest: { pattern: 'useState', path: 'src' } },
    ],
    [{ args: 3 }, { name: 'tool', summary: '' }],
    [null, { name: 'tool' }],
    ['text', { name: 'tool' }],
  ])('reads %j', (content, call) => {
    expect(readCall(content)).toMatchObject(call);
  });

  it.each(['Edit', 'MultiEdit', 'write_file', 'apply_patch', 'str_replace_editor', 'NotebookEdit'])(
    '%s changes files',
    (name) => {
      expect(isEdit(name)).toBe(true);
    },
  );
  it.each(['Read', 'Bash', 'TodoWrite', 'grep'])('%s does not', (name) => expect(isEdit(name)).toBe(false));
});

it.each([
  ['text', 'text'],
  [{ result: 'ok' }, 'ok'],
  [{ output: { stdout: 'a', stderr: 'b' } }, 'a\nb'],
  [
    [
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b' },
    ],
    'a\nb',
  ],
  [{ content: [{ type: 'text', text: 'a' }] }, 'a'],
  [null, ''],
  [{ a: 1 }, '{\n  "a": 1\n}'],
  ['{"output":"x"}', 'x'],
])('the result %j is the text %j', (content, text) => {
  expect(resultText(content)).toBe(text);
});
