import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '@opensync/testkit';
import { startQueryApp, type QueryApp } from '../testing/query-app.ts';

/** The official suite has no option for a key, so this server passes everything on with one. */
async function withKey(target: URL) {
  const proxy = createServer((incoming, answer) => {
    const { method, headers, url: path } = incoming;
    const onward = request(new URL(path!, target), {
      method,
      headers: { ...headers, authorization: 'Bearer osk_ada' },
    });
    onward.on('response', (response) => {
      answer.writeHead(response.statusCode!, response.headers);
      response.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    answer.on('close', () => onward.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const { port } = proxy.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    async [Symbol.asyncDispose]() {
      proxy.closeAllConnections();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}

const SUITE = fileURLToPath(import.meta.resolve('@modelcontextprotocol/conformance/dist/index.js'));

/**
 * Scenarios that cannot pass, by what they ask for. The suite fails when another one fails, and when one of these passes.
 */
const NOT_FOR_US = {
  'capabilities that this server does not declare: it only has tools that read': [
    ...['logging-set-level', 'completion-complete', 'elicitation-sep1034-defaults', 'elicitation-sep1330-enums'],
    ...['resources-list', 'resources-read-text', 'resources-read-binary', 'resources-templates-read'],
    ...['resources-subscribe', 'resources-unsubscribe'],
    ...['prompts-list', 'prompts-get-simple', 'prompts-get-with-args', 'prompts-get-embedded-resource'],
    'prompts-get-with-image',
  ],
  'tools with names of the suite, made for it': [
    ...['tools-call-simple-text', 'tools-call-image', 'tools-call-audio', 'tools-call-embedded-resource'],
    ...['tools-call-mixed-content', 'tools-call-with-logging', 'tools-call-error', 'tools-call-with-progress'],
    ...['tools-call-sampling', 'tools-call-elicitation'],
  ],
  'a session that the server holds: every request stands for itself': ['server-sse-multiple-streams'],
};

describe('the official conformance suite of MCP', () => {
  let app: QueryApp;
  beforeAll(async () => {
    app = await startQueryApp();
  });
  afterAll(() => app[Symbol.asyncDispose]());

  it('passes in every scenario but those about what this server does not have', async () => {
    await using folder = await temporaryFolder();
    await using server = await withKey(new URL(await app.listen()));
    const baseline = join(folder.path, 'expected-failures.yml');
    const names = Object.values(NOT_FOR_US).flat();
    await writeFile(baseline, ['server:', ...names.map((name) => `  - ${name}`)].join('\n'));
    const suite = spawn(process.execPath, [SUITE, 'server', '--url', server.url, '--expected-failures', baseline], {
      cwd: folder.path,
    });
    let output = '';
    for (const stream of [suite.stdout, suite.stderr])
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    const code = await new Promise((resolve) => suite.once('close', resolve));
    expect(output).toMatch(/server-initialize: \d+ passed, 0 failed/);
    expect({ code, output: code === 0 ? '' : output }).toEqual({ code: 0, output: '' });
  });
});
