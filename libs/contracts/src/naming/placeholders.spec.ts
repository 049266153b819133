import { isPlaceholderName, isPlaceholderTitle } from './placeholders.ts';

/** Separated by bars, so that one line holds several. */
const cases = (text: string) => text.trim().split(/ *\| *|\n */);

describe('placeholder titles', () => {
  it.each([
    ...cases(`
      Untitled | untitled | UNTITLED | "Untitled" | (untitled) | [Untitled] | <untitled> | Untitled… | Ｕｎｔｉｔｌｅｄ
      Untitled Session | Untitled session 12 | untitled-3 | Untitled (2) | Unnamed chat | No title | (no name)
      New session | New session - 2026-01-02T03:04:05.678Z | New session - 2026-01-02 03:04 | New Session #4
      Child session - 2025-12-31T23:59:59.000Z | New Chat | new chat | New Chat 2 | New Agent | New conversation
      New Thread | New task | New Composer | New Chat (11/28/2026, 10:00 AM) | New Chat - Nov 28, 2026 at 10:00
      Session 2026-01-02 | 2026-01-02T03:04:05Z | 2026-01-02 | Empty session | Default chat
      Session 0198c6f2-1d2e-7aaa-8bbb-0123456789ab | 0198c6f2-1d2e-7aaa-8bbb-0123456789ab
      ses_4f2a99c01ffe | rollout-2026-01-02T03-04-05-0198c6f2
      [Fork::1a2b3c4d] Untitled | [Fork] Untitled | [Fork::1a2b3c4d]
      unknown | null | undefined | N/A | [object Object] | … | --- | 🚀
      新对话 | 新会话 | 新聊天 2 | 无标题 | 無題 | 新しいチャット | 새 채팅 | Neuer Chat | Sans titre | Nueva conversación`),
    ...['   ', ' Untitled '],
  ])('%j is a placeholder', (title) => expect(isPlaceholderTitle(title)).toBe(true));

  it.each([
    ...cases(`
      Fix the flaky login test | x | C | 7 | 404 | Sync | brave-otter | auth_2 | new | New | empty | default
      New session handling for OAuth | New chat UI | Untitled notes in Obsidian | The new session | Session fixation
      Session | Session 1 | session-12 | Chat | Chat 7 | Task 12 | Tasks | Agent loop | Conversation export
      Release 2026-01-02 | HTTP 404 | Null pointer in the parser | undefined is not a function | Unknown host
      [Fork::1a2b3c4d] Fix the build | Empty message after upload | Default gateway | 新对话框的样式
      Why is the title "Untitled"? | session_store | rollout of the new billing`),
    'U'.repeat(300),
  ])('%j is not a placeholder', (title) => expect(isPlaceholderTitle(title)).toBe(false));
});

describe('placeholder names of models and providers', () => {
  it.each([
    ...cases(`
      unknown | Unknown | <synthetic> | <unknown> | synthetic | default | auto | none | null | undefined | n/a
      unknown model | unknown_provider | unknown-model | Default Model | model | provider | - | ? | [object Object]`),
    ...[' ', ' UNKNOWN '],
  ])('%j is a placeholder', (name) => expect(isPlaceholderName(name)).toBe(true));

  it.each([
    ...cases(`
      claude-sonnet-4-5 | gpt-5 | o3 | auto-gpt | openrouter/auto | unknown-horizon-7b | default-llama | x | opencode | anthropic`),
    'default'.repeat(20),
  ])('%j is not a placeholder', (name) => expect(isPlaceholderName(name)).toBe(false));
});
