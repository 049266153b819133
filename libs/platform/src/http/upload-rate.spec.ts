import { EventEmitter } from 'node:events';
import { UploadRate } from './upload-rate.ts';

const CHECK_MS = 1_000;
const RATE = 1_000;

const aRequest = () =>
  Object.assign(new EventEmitter(), { complete: false, socket: { bytesRead: 0, destroyed: false } });

/** The uploads that are late after each second, by name; each is the bytes that arrive in every second. */
function lateAfter(uploads: Record<string, readonly number[]>, elapsedMs = CHECK_MS): string[][] {
  const rate = new UploadRate({ slowUploadMs: 3_000, uploadRate: RATE, checkMs: CHECK_MS });
  const requests = Object.entries(uploads).map(([name, bytes]) => {
    const request = Object.assign(aRequest(), { name, bytes });
    rate.watch(request as never, 0);
    return request;
  });
  return [0, 1, 2, 3, 4].map((second) => {
    for (const { bytes, socket } of requests) socket.bytesRead += bytes[second] ?? 0;
    return rate.late((second + 1) * elapsedMs).map((request) => (request as never as { name: string }).name);
  });
}

describe('UploadRate', () => {
  it('finds those that were too slow for three seconds without a break', () => {
    expect(
      lateAfter({
        silent: [],
        slow: [999, 999, 999, 999, 999],
        fast: [1000, 5000, 1000, 1000, 1000],
        stumbling: [0, 0, 1000, 0, 0],
        'stalled after a quick start': [1_000_000, 0, 0, 0, 0],
      }),
    ).toEqual([
      [],
      [],
      ['silent', 'slow'],
      ['silent', 'slow', 'stalled after a quick start'],
      ['silent', 'slow', 'stalled after a quick start'],
    ]);
  });

  it('counts a time in which this process itself was busy as one look', () => {
    expect(lateAfter({ silent: [] }, 60_000)).toEqual([[], [], ['silent'], ['silent'], ['silent']]);
  });

  it('counts the time from when a request began, not from the look before', () => {
    const rate = new UploadRate({ slowUploadMs: 3_000, uploadRate: RATE, checkMs: CHECK_MS });
    rate.late(1_000);
    rate.watch(aRequest() as never, 1_999);
    const late = [2_000, 3_000, 4_000, 5_000].map((now) => rate.late(now).length);
    expect(late).toEqual([0, 0, 0, 1]);
  });

  it('looks no more at what has arrived', () => {
    const rate = new UploadRate({ slowUploadMs: 3_000, uploadRate: RATE, checkMs: CHECK_MS });
    rate.watch(Object.assign(aRequest(), { complete: true }) as never, 0);
    for (let second = 1; second < 10; second++) expect(rate.late(second * CHECK_MS)).toEqual([]);
  });

  it('keeps no request that has ended until the next look', () => {
    const rate = new UploadRate({ slowUploadMs: 3_000, uploadRate: RATE, checkMs: CHECK_MS });
    const request = aRequest();
    rate.watch(request as never, 0);
    expect(rate.watched).toBe(1);
    request.emit('close');
    expect(rate.watched).toBe(0);
  });

  it('watches the rest of a body only if it has not arrived with its head', async () => {
    const rate = new UploadRate({ slowUploadMs: 3_000, uploadRate: RATE, checkMs: CHECK_MS });
    const [whole, rest] = [aRequest(), aRequest()];
    for (const request of [whole, rest]) rate.watchRest(request as never);
    whole.complete = true;
    await new Promise(setImmediate);
    expect(rate.watched).toBe(1);
  });
});
