import { locationOf } from './connection.ts';

describe('locationOf', () => {
  it.each([
    ['http://qdrant', 'http://qdrant:6333'],
    ['https://ann:secret@qdrant.example.com', 'https://qdrant.example.com:6333'],
    ['https://qdrant.example.com:443/', 'https://qdrant.example.com:443'],
    ['http://127.0.0.1:59/vectors/', 'http://127.0.0.1:59/vectors'],
    ['http://[::1]:6334?key=secret', 'http://[::1]:6334'],
  ])('%s is %s: the port that the client takes, and no secrets', (url, location) => {
    expect(locationOf(url)).toBe(location);
  });
});
