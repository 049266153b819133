import { readFile } from 'node:fs/promises';
import { AGENTS } from './agents.ts';

it('shows the same commands as the page of the server', async () => {
  const server = await readFile(new URL('../../../../../services/query/src/home/agents.ts', import.meta.url), 'utf8');
  expect(AGENTS.length).toBe([...server.matchAll(/^ {4}name: /gm)].length);
  for (const { name, repository, commands } of AGENTS) {
    expect(server).toContain(`name: '${name}'`);
    expect(server).toContain(repository);
    for (const line of commands('${url}', '${KEY}').split('\n')) expect(server).toContain(line);
  }
});
