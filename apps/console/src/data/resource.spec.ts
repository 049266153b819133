import { jest } from '@jest/globals';
import { FAKED, inBrowser, json, type Browser } from '../testing/browser.ts';

describe('a resource', () => {
  beforeEach(() => void jest.useFakeTimers(FAKED));
  afterEach(() => void jest.useRealTimers());

  /** What two documents answer; `hold` keeps the answer for the second one back. */
  async function documents(subject: boolean) {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const browser = await inBrowser({
      'GET /api/sessions/one': () => json({ title: 'One' }),
      'GET /api/sessions/two': () => held.then(() => json({ title: 'Two' })),
    });
    const { client, cell, component, resource } = browser;
    const id = cell('one');
    const { result, end } = component(() =>
      resource(
        (signal) => client.get('/api/sessions/{id}', { at: { id: id.value }, signal }),
        subject ? () => id.value : undefined,
      ),
    );
    await browser.settled();
    return { browser, id, result, end, release };
  }

  it('has no value as soon as it is about something else, until that was read', async () => {
    const { browser, id, result, end, release } = await documents(true);
    expect(result.value).toMatchObject({ title: 'One' });
    id.value = 'two';
    expect(result.value).toBeUndefined();
    await browser.settled();
    expect([result.value, result.isLoading]).toEqual([undefined, true]);
    release();
    await browser.settled();
    expect(result.value).toMatchObject({ title: 'Two' });
    end();
  });

  it('shows no value and no failure of something else, if that cannot be read', async () => {
    const { browser, id, result, end, release } = await documents(true);
    browser.answers['GET /api/sessions/three'] = () => json({ error: { message: 'Not found' } }, { status: 404 });
    id.value = 'three';
    await browser.settled();
    expect([result.value, result.error?.trouble]).toEqual([undefined, 'missing']);
    id.value = 'two';
    expect(result.error).toBeUndefined();
    release();
    await browser.settled();
    end();
  });

  it('keeps its value while the same is read again, or with another filter', async () => {
    const { browser, id, result, end, release } = await documents(false);
    id.value = 'two';
    await browser.settled();
    expect([result.value, result.isLoading]).toMatchObject([{ title: 'One' }, true]);
    release();
    await browser.settled();
    expect(result.value).toMatchObject({ title: 'Two' });
    end();
  });

  it('shows what was just sent, of what it is about', async () => {
    const { browser, id, result, end } = await documents(true);
    result.set({ ...result.value!, title: 'Renamed' });
    expect(result.value?.title).toBe('Renamed');
    id.value = 'two';
    expect(result.value).toBeUndefined();
    await browser.settled();
    end();
  });

  it('asks a busy server again when it wants to be', async () => {
    const browser: Browser = await inBrowser({
      'GET /api/projections': () => json({}, { status: 429, headers: { 'retry-after': '7' } }),
    });
    const { result, end } = browser.component(() =>
      browser.resource((signal) => browser.client.get('/api/projections', { signal })),
    );
    await browser.settled();
    expect(result.error?.trouble).toBe('busy');
    browser.answers['GET /api/projections'] = () => json({ projections: [] });
    await browser.pass(6_900);
    expect(browser.requests).toHaveLength(1);
    await browser.pass(200);
    expect(result.value).toEqual({ projections: [] });
    end();
  });
});
