import { asCurl, asMcp } from './as-calls.ts';

const asked = {
  q: "it's $(rm -rf /) `x`",
  type: 'hybrid',
  level: 'message',
  filters: { source: 'pi', tag: 'a b' },
} as const;

it('quotes everything that a shell could read', () => {
  const command = asCurl('https://sync.example.com', asked);
  expect(command).toBe(
    `curl 'https://sync.example.com/api/search?q=it%27s+%24%28rm+-rf+%2F%29+%60x%60&type=hybrid&level=message&source=pi&tag=a+b' -H 'Authorization: Bearer osk_…'`,
  );
});

it('calls the tool with the filters that it has', () => {
  expect(JSON.parse(asMcp(asked)).params).toEqual({
    name: 'search_sessions',
    arguments: { query: asked.q, type: 'hybrid', level: 'message', source: 'pi' },
  });
});
