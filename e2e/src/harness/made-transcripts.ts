import { parseTranscript, type TranscriptLine } from './transcript.ts';

/** Lines in the format of Claude Code's transcripts, with ids and times that follow from their number. */
class TranscriptWriter {
  readonly #sessionId: string;
  readonly #cwd: string;
  readonly #lines: string[] = [];
  #at = Date.UTC(2026, 2, 4, 9, 15);
  #parent: string | null = null;

  /** @param number of the session, which its ids are made of */
  constructor(number: number, cwd: string) {
    this.#sessionId = uuid(number, 0);
    this.#cwd = cwd;
  }

  get length(): number {
    return this.#lines.length;
  }

  user(content: string | readonly object[], fields: object = {}): this {
    return this.#line('user', { message: { role: 'user', content }, ...fields });
  }

  assistant(...content: readonly object[]): this {
    const number = this.#lines.length;
    const usage = {
      input_tokens: 4,
      cache_creation_input_tokens: 120,
      cache_read_input_tokens: 9_000,
      output_tokens: 31,
    };
    const message = { model: 'claude-sonnet-4-20250514', id: `msg_made${number}`, type: 'message', role: 'assistant' };
    return this.#line('assistant', { message: { ...message, content, usage }, requestId: `req_made${number}` });
  }

  say(text: string): this {
    return this.assistant({ type: 'text', text });
  }

  think(thinking: string): this {
    return this.assistant({ type: 'thinking', thinking, signature: 'c2lnbmF0dXJl' });
  }

  /** A tool call, and its result as the next line. */
  call(name: string, input: object, result: string): this {
    const id = `toolu_made${this.#lines.length}`;
    this.assistant({ type: 'tool_use', id, name, input });
    return this.user([{ type: 'tool_result', tool_use_id: id, content: result }], {
      toolUseResult: { stdout: result },
    });
  }

  system(subtype: string, content: string, fields: object = {}): this {
    return this.#line('system', { subtype, content, isMeta: false, level: 'info', ...fields });
  }

  progress(): this {
    return this.#line('progress', { data: { type: 'bash_progress', output: '', elapsedTimeSeconds: 1 } });
  }

  lines(): TranscriptLine[] {
    return parseTranscript(this.#lines.join('\n'));
  }

  #line(type: string, fields: object): this {
    const id = uuid(Number.parseInt(this.#sessionId.slice(0, 8), 16), this.#lines.length + 1);
    this.#at += 700;
    const envelope = { parentUuid: this.#parent, isSidechain: false, userType: 'external', cwd: this.#cwd };
    const session = { sessionId: this.#sessionId, version: '2.1.38', gitBranch: 'main', type };
    const timestamp = new Date(this.#at).toISOString();
    this.#lines.push(JSON.stringify({ ...envelope, ...session, ...fields, uuid: id, timestamp }));
    this.#parent = id;
    return this;
  }
}

function uuid(session: number, line: number): string {
  return `${session.toString(16).padStart(8, '0')}-0000-4000-8000-${line.toString(16).padStart(12, '0')}`;
}

/** A prompt whose 80th character is an emoji, so that the plugin's title of 80 UTF-16 units ends within it. */
export function promptWithEmoji(): TranscriptLine[] {
  const prompt = `${'Rename the class Heron to '.padEnd(26)}${'FlamingoOfTheNorthernMarshes'.repeat(2).slice(0, 53)}🦩 please`;
  return new TranscriptWriter(0xe1, '/home/mina/code/marsh')
    .user(prompt)
    .say('I renamed the wading bird in every file, and the tests about its feathers pass 🪶.')
    .call('Bash', { command: 'npm test' }, 'Tests: 12 passed 🎉')
    .say('Everything is green.')
    .lines();
}

/** A compacted session: a boundary, a summary in the person's name that nobody typed, and more lines. */
export function compactedSession(): TranscriptLine[] {
  const summary =
    'This session is being continued from a previous conversation that ran out of context. The conversation is summarized below:\n' +
    'Analysis: the user asked for a tide table.\nSummary: 1. Primary request: a tide table.';
  return new TranscriptWriter(0xe2, '/home/mina/code/harbour')
    .user('<command-name>/clear</command-name>\n<command-message>clear</command-message>', {})
    .user('<local-command-stdout></local-command-stdout>', {})
    .user('Print a table of the tides for the harbour of Husum.')
    .say('The table of tides needs the constituents of the gauge, which I will read first.')
    .call('Read', { file_path: '/home/mina/code/harbour/gauge.json' }, '{"m2":1.43}')
    .system('compact_boundary', 'Conversation compacted', { compactMetadata: { trigger: 'auto', preTokens: 155_000 } })
    .user(summary, { isCompactSummary: true, isVisibleInTranscriptOnly: true })
    .say('Continuing with the harmonic constituents after the compaction.')
    .user('And add the moon phase to every row.')
    .call('Edit', { file_path: '/home/mina/code/harbour/tides.ts', old_string: 'a', new_string: 'b' }, 'updated')
    .say('Each row shows the moon phase beside high water now.')
    .lines();
}

/** A long session: most of its lines are thinking and progress, as they are in real ones. */
export function longSession(): TranscriptLine[] {
  const writer = new TranscriptWriter(0xe3, '/home/mina/code/peat');
  for (let turn = 0; turn < 6; turn++) {
    writer.user(
      turn === 0 ? 'Survey the peat bog: where is the water table?' : `Continue with section ${turn} of the bog.`,
    );
    for (let step = 0; step < 5; step++) {
      writer
        .think(`Section ${turn}, borehole ${step}.`)
        .say(`Borehole ${step} of section ${turn} reaches groundwater below the peat.`);
    }
    writer.call('Bash', { command: `measure --section ${turn}` }, `${turn}.4 m`);
    while (writer.length < (turn + 1) * 500) writer.progress();
  }
  return writer.lines();
}
