import { withoutCredentials } from './location.ts';

it.each([
  ['http://ann:secret@host:9200/', 'http://host:9200'],
  ['https://host/prefix/', 'https://host/prefix'],
  [
    'mongodb://ann:se@cr/et@a:27017,b:27017/team?authMechanismProperties=TOKEN:secret',
    'mongodb://a:27017,b:27017/team',
  ],
  ['mongodb+srv://ann:secret@cluster.example/?secret', 'mongodb+srv://cluster.example'],
])('%s is shown as %s', (url, shown) => {
  expect(withoutCredentials(url)).toBe(shown);
});
