import { copiesByMessage, copiesOf } from './count-copies.ts';
import type { Omission, Passage } from './passage.ts';

const passage = (...ids: string[]) =>
  ({ session: { id: 'ses_a' }, messages: ids.map((id) => ({ id })) }) as unknown as Passage;
const copy = (
  messageId: string,
  keptMessageId: string,
  sessionId = 'ses_b',
  reason: Omission['reason'] = 'duplicate',
) => ({ messageId, keptMessageId, sessionId, reason }) satisfies Omission;

describe('the copies of a passage', () => {
  it('are the messages that one of its messages stands for, also through another copy', () => {
    const omitted = [
      copy('m2', 'm1', 'ses_b', 'copied-history'),
      copy('m3', 'm2', 'ses_c', 'near-duplicate'),
      copy('m4', 'm9', 'ses_d'),
      copy('m5', 'm1', 'ses_a'),
    ];
    expect(copiesOf(passage('m0', 'm1'), copiesByMessage(omitted))).toEqual({
      count: 3,
      sessionIds: ['ses_b', 'ses_c'],
    });
  });

  it('are not what was left out for another reason', () => {
    const omitted: Omission[] = [
      { sessionId: 'ses_b', messageId: 'm2', reason: 'token-budget' },
      copy('m3', 'm1', 'ses_b', 'contained'),
    ];
    expect(copiesOf(passage('m1'), copiesByMessage(omitted))).toBeUndefined();
  });

  it('name at most 20 sessions and count all', () => {
    const omitted = Array.from({ length: 60 }, (_, n) => copy(`c${n}`, 'm1', `ses_${n}`));
    const { count, sessionIds } = copiesOf(passage('m1'), copiesByMessage(omitted))!;
    expect([count, sessionIds.length]).toEqual([60, 20]);
  });

  it('end for copies that replace each other', () => {
    expect(copiesByMessage([copy('m1', 'm2'), copy('m2', 'm1')]).size).toBeGreaterThan(0);
  });
});
