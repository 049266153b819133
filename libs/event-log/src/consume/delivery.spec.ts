import type { Msg } from '@nats-io/transport-node';
import { HeldMessage } from './delivery.ts';

const STORED_AT = 1_700_000_000_000_000_000n;

function held({ attempts = 1, sequence = 7, storedAt = STORED_AT, hub = false, answers = [] as string[] } = {}) {
  const origin = hub ? ['hub', 'account', 'CHANGES', 'vectors'] : ['CHANGES', 'vectors'];
  const reply = ['$JS', 'ACK', ...origin, attempts, sequence, attempts * 10, storedAt, 3, ...(hub ? ['token'] : [])];
  const message: Partial<Msg> = {
    reply: reply.join('.'),
    respond: (data) => (answers.push(`#${attempts} ${Buffer.from(data as Uint8Array).toString()}`), true),
  };
  return new HeldMessage(message as Msg);
}

describe('HeldMessage', () => {
  it.each([false, true])('recognises the same message when it is redelivered (in the longer form: %s)', (hub) => {
    expect(held({ hub }).isSameAs(held({ hub, attempts: 4 }))).toBe(true);
    expect(held({ hub }).isSameAs(held({ hub, attempts: 4, sequence: 8 }))).toBe(false);
  });

  it('differs from the message with the same sequence in a recreated stream', () => {
    expect(held().isSameAs(held({ attempts: 2, storedAt: STORED_AT + 1n }))).toBe(false);
  });

  it('acks the later delivery once it is renewed, and keeps its attempts', () => {
    const answers: string[] = [];
    const message = held({ answers });
    message.working();
    message.renew(held({ attempts: 4, answers }));
    message.ack();
    expect(answers).toEqual(['#1 +WPI', '#4 +ACK']);
    expect(message.attempts).toBe(1);
  });
});
