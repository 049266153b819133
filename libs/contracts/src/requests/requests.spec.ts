import { messageIdOf, sessionIdOf } from '../ids.ts';
import { parseMessageSync, parseSessionSync } from './normalize.ts';
import type { Parsed } from './parsed.ts';
import { normalizePart } from '../content/normalize.ts';
import { storedSource } from './sources.ts';

const owner = { workspaceId: 'wsp_a', userId: 'usr_a' };
const NOW = Date.UTC(2026, 10, 28);

function value<T>(parsed: Parsed<T>): T {
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.details));
  return parsed.value;
}
const session = (body: unknown) => value(parseSessionSync(owner, body, NOW));
const message = (body: object) => value(parseMessageSync(owner, body, NOW));

describe('session sync', () => {
  it('accepts sessionId for externalId, drops unknown fields and null, and keeps zeros', () => {
    const read = session({ sessionId: 's', title: null, cost: 0, unheardOf: 'x' });
    expect(read).toEqual({ externalId: 's', sessionId: sessionIdOf(owner, 's'), cost: 0 });
  });

  it('stores the source cursor as cursor-sync and other sources unchanged', () => {
    const source = (sent?: string) => session({ externalId: 's', source: sent }).source;
    expect([source('cursor'), source('claude-code'), source(undefined)]).toEqual([
      'cursor-sync',
      'claude-code',
      undefined,
    ]);
    expect([storedSource('cursor'), storedSource('cursor-sync'), storedSource('pi')]).toEqual([
      'cursor-sync',
      'cursor-sync',
      'pi',
    ]);
  });

  it.each<[unknown, string | undefined, string | undefined]>([
    [{ modelID: 'opus', providerID: 'anthropic' }, 'opus', 'anthropic'],
    [{ id: 'opus', provider: 'anthropic' }, 'opus', 'anthropic'],
    [{ id: 'opus', name: 'Opus', provider: { id: 'anthropic', name: 'Anthropic' } }, 'opus', 'anthropic'],
    [{ name: 'Opus' }, 'Opus', undefined],
    [['opus'], 'opus', undefined],
    [{ temperature: 1 }, undefined, undefined],
  ])('takes name and provider from a model that is an object: %j', (model, name, provider) => {
    for (const read of [
      session({ externalId: 's', model }),
      message({ sessionId: 's', messageId: 'm', model }).message,
    ]) {
      expect([read.model, read.provider]).toEqual([name, provider]);
    }
  });

  it('prefers the provider next to a model over the one within it', () => {
    const model = { modelID: 'opus', providerID: 'anthropic' };
    expect(session({ externalId: 's', model, provider: 'bedrock' }).provider).toBe('bedrock');
  });

  it('prefers the original time over that of a copy, and the one within OpenCode’s time', () => {
    const [older, newer] = [NOW - 5_000, NOW - 1_000];
    expect(session({ externalId: 's', createdAt: newer, sourceCreatedAt: older }).createdAt).toBe(older);
    expect(session({ externalId: 's', time: { created: older, completed: newer } }).createdAt).toBe(older);
    expect(session({ externalId: 's', timestamp: new Date(older).toISOString() }).createdAt).toBe(older);
  });
});

describe('message sync', () => {
  const base = { sessionExternalId: 's', externalId: 'm', role: 'assistant' };

  it('derives the ids of its session and of itself, under either name', () => {
    const sessionId = sessionIdOf(owner, 's');
    const expected = { sessionId, messageId: messageIdOf(sessionId, 'm') };
    expect(message(base).message).toMatchObject(expected);
    expect(message({ sessionId: 's', messageId: 'm' }).message).toMatchObject(expected);
    expect(message({ session_id: 's', message_id: 'm' }).message).toMatchObject(expected);
  });

  it('distinguishes missing parts from an empty list of parts', () => {
    expect(message(base).parts).toBeUndefined();
    expect(message({ ...base, parts: null }).parts).toBeUndefined();
    expect(message({ ...base, parts: [] }).parts).toEqual([]);
  });

  it('keeps the provider’s id of a response', () => {
    for (const name of ['requestId', 'request_id', 'responseId']) {
      expect(message({ ...base, [name]: 'req_1' }).message.requestId).toBe('req_1');
    }
  });

  it('does not do work for each number of a large body', () => {
    const reads = { count: 0 };
    const counted = new Proxy(new Array<number>(1_000).fill(0), {
      get(target, name, receiver) {
        reads.count++;
        return Reflect.get(target, name, receiver) as unknown;
      },
    });
    expect(message({ ...base, parts: [{ type: 'x', numbers: counted }] }).message.externalId).toBe('m');
    expect(reads.count).toBeLessThan(4_000);
  });
});

describe('property names of every object', () => {
  it.each(['constructor', 'toString', '__defineGetter__'])('are neither a kind of part nor a source: %s', (name) => {
    expect(normalizePart({ type: name, content: 'x' }).part).toEqual({
      type: 'other',
      content: { type: name, content: 'x' },
    });
    expect(session({ externalId: 's', source: name }).source).toBe(name);
  });
});
