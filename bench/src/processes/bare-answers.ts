// Answers each request once it has arrived, and does nothing else: what a load generator measures here is its own waits and the machine's.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const ANSWER = '{"ok":true}';

const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': ANSWER.length });
    response.end(ANSWER);
  });
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
