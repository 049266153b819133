import { prefersJson } from './accept.ts';

describe('the format of the root', () => {
  it.each([
    'application/json',
    'Application/JSON; charset=utf-8',
    'application/*',
    'application/json, text/plain, */*',
    'application/json, text/html;q=0.9',
    'text/html;q=0.5, application/json;q=0.6',
    'text/html;q=0, */*',
    'text/*;q=0.1, application/json',
  ])('is JSON for a client that asks for it: %s', (accept) => {
    expect(prefersJson(accept)).toBe(true);
  });

  it.each([
    undefined,
    '',
    '*/*',
    'text/html',
    'text/*',
    'text/html, application/json',
    // As browsers ask.
    'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
    'text/html, */*;q=0.1, application/json;q=0.5',
    'application/json;q=0, */*',
    'application/json;q=nonsense',
    'image/png',
    ';;,,;q=',
  ])('is the page for everybody else: %s', (accept) => {
    expect(prefersJson(accept)).toBe(false);
  });
});
