import { loginUrl } from './login-link.ts';

it.each([
  [
    { OPENSYNC_LOGIN_URL: 'https://sync.example.com', OPENSYNC_BASE_PATH: '/' },
    'https://sync.example.com/auth/login#token=x',
  ],
  [
    { OPENSYNC_LOGIN_URL: 'https://example.com', OPENSYNC_BASE_PATH: '/sync/' },
    'https://example.com/sync/auth/login#token=x',
  ],
  // Nothing is below a path where the process itself listens.
  [{ OPENSYNC_LOGIN_URL: undefined, OPENSYNC_BASE_PATH: '/sync/' }, 'http://localhost:3211/auth/login#token=x'],
])('leads with %j to %s', (settings, url) => {
  expect(loginUrl(settings, 'http://localhost:3211', 'x')).toBe(url);
});
