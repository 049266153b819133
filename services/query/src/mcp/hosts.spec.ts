import { assertTrustedHost } from './hosts.ts';

const refusal = (headers: { host?: string; origin?: string }, allowed: readonly string[] = ['sync.example.com']) => {
  try {
    assertTrustedHost(headers, allowed);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
};

it.each([
  { host: 'localhost:3211' },
  { host: '127.0.0.1:3211' },
  { host: '[::1]:3211' },
  { host: '192.168.1.7' },
  { host: 'sync.example.com' },
  { host: 'SYNC.example.com:443', origin: 'https://sync.example.com' },
  { host: 'localhost:3211', origin: 'http://localhost:6274' },
])('accepts %j', (headers) => {
  expect(refusal(headers)).toBeUndefined();
});

it.each([
  [{}, 'The host '],
  [{ host: '' }, 'The host '],
  [{ host: 'evil.example.com' }, 'The host evil.example.com'],
  [{ host: 'sync.example.com.evil.com' }, 'The host'],
  [{ host: 'localhost.evil.com:3211' }, 'The host'],
  [{ host: 'localhost:3211', origin: 'http://evil.com' }, 'The origin http://evil.com'],
  [{ host: 'localhost:3211', origin: 'null' }, 'The origin null'],
  // A page that is served at an address is somebody's page, too.
  [{ host: 'localhost:3211', origin: 'http://192.168.1.7' }, 'The origin'],
])('refuses %j', (headers, message) => {
  expect(refusal(headers)).toContain(message);
  expect(refusal(headers)).toContain('OPENSYNC_MCP_HOSTS');
});
