import { Disposal } from './disposal.ts';

describe('Disposal', () => {
  it('closes in reverse order of opening, past steps that fail or hang', async () => {
    const done: string[] = [];
    const problems: string[] = [];
    const disposal = new Disposal(({ step, err }) => problems.push(err ? `${step} failed` : `${step} late`));
    disposal.defer('lock', () => done.push('lock'));
    disposal.defer('server', () => new Promise(() => undefined));
    disposal.defer('store', () => Promise.reject(new Error('disk')));
    disposal.defer('http', () => done.push('http'));

    await disposal.run(20);
    expect(done).toEqual(['http', 'lock']);
    expect(problems).toEqual(['store failed', 'server late']);
  });

  it('runs each step once, however often it is called', async () => {
    let runs = 0;
    const disposal = new Disposal(() => undefined);
    disposal.defer('once', () => (runs += 1));
    await Promise.all([disposal.run(1000), disposal.run(1000)]);
    expect(runs).toBe(1);
  });
});
