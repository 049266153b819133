import type { EventData } from './events/schemas.ts';
import { evolveMessage, type MessageHead } from './fold/message.ts';
import { evolvePart, isCurrentPart } from './fold/part.ts';
import {
  isOutlinedPart,
  linesOf,
  messageOutline,
  packMessageOutline,
  partOutline,
  unpackMessageOutline,
} from './outline.ts';

const event = { id: 'e', owner: { workspaceId: 'wsp_1', userId: 'usr_1' }, time: 1_767_225_600_000 };
const ids = { messageId: 'msg_1', sessionId: 'ses_1' };

function message(data: Partial<EventData['dev.opensync.message.synced.v1']>): MessageHead {
  const said = { ...ids, externalId: 'm1', sessionExternalId: 's1', ...data };
  const type = 'dev.opensync.message.synced.v1' as const;
  return evolveMessage(undefined as MessageHead | undefined, { ...event, type, data: said, sequence: 5 });
}

function part(data: Partial<EventData['dev.opensync.part.synced.v1']>, sequence = 6) {
  const said = { ...ids, partId: 'prt_1', order: 0, type: 'text', ...data };
  return evolvePart(undefined, { ...event, type: 'dev.opensync.part.synced.v1', data: said, sequence });
}

describe('lines of a text', () => {
  it.each([
    ['', 0],
    ['one', 1],
    ['one\ntwo', 2],
    ['\n', 2],
    ['x'.repeat(80), 1],
    ['x'.repeat(81), 2],
    [`${'x'.repeat(200)}\n\nend`, 5],
    ['line\n'.repeat(100_000), 100_000],
  ])('%#', (text, lines) => {
    expect(Math.abs(linesOf(text) - lines)).toBeLessThanOrEqual(lines > 1_000 ? lines / 100 : 0);
  });

  it('of a long text are the same once only its beginning is known', () => {
    const text = 'fifteen letters\n'.repeat(5_000);
    const size = Buffer.byteLength(text);
    const whole = messageOutline(message({ textContent: text }));
    const head = message({});
    for (const known of [
      { preview: text.slice(0, 1_024), size },
      { sha256: 'a'.repeat(64), size, preview: text.slice(0, 200) },
    ]) {
      expect(messageOutline({ ...head, fields: { ...head.fields, text: known } }).lines).toBe(whole.lines);
    }
    expect(Math.abs(whole.lines - 5_000)).toBeLessThan(500);
  });
});

describe('an outline', () => {
  it('is the same after it was stored', () => {
    const outline = messageOutline(message({ role: '"\ud800', textContent: 'Why?', promptTokens: 3, partCount: 2 }));
    expect(unpackMessageOutline(packMessageOutline(outline))).toEqual(outline);
    expect(outline).toEqual({ role: '"\ufffd', isPrompt: false, tokens: 3, lines: 1, partCount: 2, partsAfter: 5 });
    expect(messageOutline(message({ role: 'user', textContent: 'Why?' })).isPrompt).toBe(true);
  });

  it('knows which parts are current, as the fold does', () => {
    for (const partCount of [undefined, 0, 1, 2]) {
      const one = message({ partCount });
      for (const order of [0, 1, 2]) {
        for (const sequence of [1, 5, 6]) {
          const candidate = part({ order }, sequence);
          expect(isOutlinedPart(messageOutline(one), candidate)).toBe(isCurrentPart(one, candidate));
        }
      }
    }
  });

  it('of a part has its lines, however large or deep it is, and the facts of its tool', () => {
    expect(partOutline(part({ content: 'a\nb' }))).toEqual({ lines: 2 });
    const call = { toolName: 'Write', args: { path: 'a', text: 'a\nb\nc' }, id: 'c1' };
    expect(partOutline(part({ type: 'tool-call', content: call }))).toEqual({
      toolName: 'Write',
      callId: 'c1',
      lines: 6,
    });
    const many = Array.from({ length: 100_000 }, () => 'x');
    expect(partOutline(part({ type: 'other', content: many }))!.lines).toBeLessThan(2_000);
    expect(partOutline({ ...part({}), retired: true })).toBeUndefined();
    const contentRef = { sha256: 'a'.repeat(64), size: 8_000, preview: 'x'.repeat(200) };
    const tool = { callId: 'c1' };
    expect(partOutline(part({ contentRef, tool }))).toEqual({ callId: 'c1', lines: 120 });
  });
});
