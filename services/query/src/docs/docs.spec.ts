import { mkdir, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, createLogger } from '@opensync/platform';
import { temporaryFolder } from '@opensync/testkit';
import { startQueryApp, type QueryApp } from '../testing/query-app.ts';
import { DocsIndex } from './docs-index.ts';
import { pageOf, readPages, PROJECT_FOLDER } from './pages.ts';
import { renderPage } from './render.ts';
import { DocsSearch, type SearchDocs } from './search-docs.ts';

const ACCESS = `# Access

Who may do **what**.

## Rotate a key

Make a new key, then revoke the old one with \`opensync keys revoke\`.

## Roles

A viewer reads. See [backup](operations.md#backup).
`;
const OPERATIONS = `# Operations

How to run it.

## Backup

Copy the log with \`opensync export-log\`.
`;

const logger = createLogger('silent', 'docs');

async function project(files: Readonly<Record<string, string>>) {
  const folder = await temporaryFolder();
  await mkdir(join(folder.path, 'docs', 'adr'), { recursive: true });
  for (const [file, text] of Object.entries(files)) await writeFile(join(folder.path, file), text);
  return { path: folder.path, [Symbol.asyncDispose]: () => folder.remove() };
}

/** Vectors whose direction says which of these words a text has. */
const MEANINGS = [/key|credential/i, /backup|copy|disaster/i, /viewer|role/i];
function vectorOf(text: string): Float32Array {
  const vector = Float32Array.from(MEANINGS, (meaning) => (meaning.test(text) ? 1 : 0));
  const length = Math.hypot(...vector) || 1;
  return vector.map((one) => one / length);
}

const ask = (q: string, type: SearchDocs['type'] = 'hybrid'): SearchDocs => ({ q, type, limit: 10 });

describe('pages of the documentation', () => {
  it('have sections with the addresses that GitHub gives them', () => {
    const page = pageOf(
      'docs/x.md',
      '# A `Title`\n\nText.\n\n## It’s: a “test”\n\n```\n# no heading\n```\n\n## Same\n\n## Same\n',
    );
    expect(page).toMatchObject({ slug: 'x', title: 'A Title', summary: 'Text.' });
    expect(page.sections.map(({ anchor }) => anchor)).toEqual(['a-title', 'its-a-test', 'same', 'same-1']);
    expect(page.sections[1]!.text).toContain('# no heading');
  });

  it('link to each other, and show HTML as text', () => {
    const pages = [
      pageOf(
        'docs/access.md',
        `${ACCESS}\n<script>alert(1)</script> [x](javascript:alert(1)) [code](../libs/x.ts) ![i](i.png)`,
      ),
      pageOf('docs/operations.md', OPERATIONS),
    ];
    const html = renderPage(pages[0]!, pages);
    expect(html).toContain('<a href="../docs/operations#backup">backup</a>');
    expect(html).toContain('<h2 id="rotate-a-key">');
    expect(html).toContain('&lt;script&gt;alert(1)');
    expect(html).not.toMatch(/<script|href="javascript|<img/);
  });

  it('exist for every document of the project, each under an address of its own', async () => {
    const pages = await readPages(PROJECT_FOLDER);
    const slugs = pages.map(({ slug }) => slug);
    expect(slugs).toEqual(expect.arrayContaining(['readme', 'access', 'http-api', 'operations']));
    expect(new Set(slugs).size).toBe(slugs.length);
    for (const page of pages) expect(renderPage(page, pages)).toContain('<h1');
  });
});

describe('search in the documentation', () => {
  it('finds sections by words, by the beginning of the last one, and in spite of a typing error', async () => {
    await using folder = await project({ 'docs/access.md': ACCESS, 'docs/operations.md': OPERATIONS });
    const docs = new DocsSearch(new DocsIndex(folder.path), { embeddings: { embed: async () => [] }, logger });
    const idsOf = async (q: string) => (await docs.search(ask(q, 'fulltext'))).results.map(({ id }) => id);
    expect((await idsOf('rotate key'))[0]).toBe('access#rotate-a-key');
    expect((await idsOf('opensync exp'))[0]).toBe('operations#backup');
    expect(await idsOf('rotaet')).toEqual(['access#rotate-a-key']);
    expect(await idsOf('zebra')).toEqual([]);
    const { results } = await docs.search(ask('revoke', 'fulltext'));
    expect(results[0]).toMatchObject({
      ...{ title: 'Access', heading: 'Rotate a key', url: '/docs/access#rotate-a-key', matchedIn: ['fulltext'] },
      ...{ markdownUrl: '/docs/access.md', snippet: expect.stringContaining('<mark>revoke</mark>') },
    });
  });

  it('shows where it found something as text, not as Markdown', async () => {
    const page = `# A\n\n- **First** see [b](b.md).\n\n\`\`\`sh\nopensync tide | tee x\n\`\`\`\n\n| a | b |\n|---|:-:|\n| tide | \`2\` |\n`;
    await using folder = await project({ 'docs/a.md': page });
    const docs = new DocsSearch(new DocsIndex(folder.path), { embeddings: { embed: async () => [] }, logger });
    const [hit] = (await docs.search(ask('tide', 'fulltext'))).results;
    expect(hit!.snippet).toBe('First see b. opensync <mark>tide</mark> · tee x a · b <mark>tide</mark> · 2');
  });

  it('prefers instructions to decisions that have the same words', async () => {
    const decision = ACCESS.replace('# Access', '# 7. Keys rotate');
    await using folder = await project({ 'docs/adr/0007-x.md': decision, 'docs/access.md': ACCESS });
    const docs = new DocsSearch(new DocsIndex(folder.path), { embeddings: { embed: async () => [] }, logger });
    expect((await docs.search(ask('rotate key', 'fulltext'))).results[0]!.id).toBe('access#rotate-a-key');
  });

  it('finds sections by meaning as soon as they have vectors, and says until then that it cannot', async () => {
    await using folder = await project({ 'docs/access.md': ACCESS, 'docs/operations.md': OPERATIONS });
    const embed = async (texts: readonly string[]) => texts.map(vectorOf);
    const docs = new DocsSearch(new DocsIndex(folder.path), { embeddings: { embed }, logger });
    expect((await docs.search(ask('backup'))).degraded).toEqual(['semantic']);
    await docs.embedded();
    const answer = await docs.search(ask('what to do after a disaster', 'semantic'));
    expect(answer.degraded).toBeUndefined();
    expect(answer.results[0]).toMatchObject({ id: 'operations#backup', matchedIn: ['semantic'] });
    expect((await docs.search(ask('backup'))).results[0]!.matchedIn).toEqual(['fulltext', 'semantic']);
  });

  it('answers with words if the embedder is away', async () => {
    await using folder = await project({ 'docs/access.md': ACCESS });
    const embed = () => Promise.reject(new AppError('UNAVAILABLE', 'no embedder'));
    const docs = new DocsSearch(new DocsIndex(folder.path), { embeddings: { embed }, logger });
    expect(await docs.search(ask('revoke', 'semantic'))).toMatchObject({
      results: [{ id: 'access#rotate-a-key', matchedIn: ['fulltext'] }],
      degraded: ['semantic'],
    });
  });

  it('sees a changed, a new and a removed page, and embeds only what changed', async () => {
    await using folder = await project({ 'docs/access.md': ACCESS, 'docs/operations.md': OPERATIONS });
    let now = 0;
    const embedded: string[] = [];
    const embed = async (texts: readonly string[]) => {
      embedded.push(...texts);
      return texts.map(vectorOf);
    };
    const docs = new DocsSearch(new DocsIndex(folder.path, () => now), { embeddings: { embed }, logger });
    await docs.embedded();
    embedded.length = 0;
    await writeFile(join(folder.path, 'docs/access.md'), ACCESS.replace('A viewer reads.', 'An aardvark reads.'));
    await utimes(join(folder.path, 'docs/access.md'), 1, 1);
    await writeFile(join(folder.path, 'docs/adr/0001-x.md'), '# 1. Wombats\n\nBecause of wombats.\n');
    await rm(join(folder.path, 'docs/operations.md'));
    expect((await docs.search(ask('aardvark', 'fulltext'))).results).toEqual([]);
    now += 10_000;
    expect((await docs.search(ask('aardvark', 'fulltext'))).results[0]!.id).toBe('access#roles');
    expect((await docs.search(ask('wombats', 'fulltext'))).results[0]!.url).toBe('/docs/adr/0001-x#1-wombats');
    expect((await docs.search(ask('backup copy', 'fulltext'))).results.map(({ id }) => id)).not.toContain(
      'operations#backup',
    );
    await docs.embedded();
    expect(embedded).toHaveLength(2);
  });
});

describe('the routes of the documentation', () => {
  let app: QueryApp;
  beforeAll(async () => {
    app = await startQueryApp();
  });
  afterAll(() => app[Symbol.asyncDispose]());

  it('show pages to anyone, as HTML and as Markdown', async () => {
    const page = await app.get('/docs/access', { authorization: '' });
    expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
    for (const [path, headers] of [
      ['/docs/access.md', {}],
      ['/docs/access', { accept: 'text/markdown' }],
    ] as const) {
      const markdown = await app.get(path, { ...headers, authorization: '' });
      expect([markdown.status, markdown.headers['content-type']]).toEqual([200, 'text/markdown; charset=utf-8']);
      expect(markdown.bytes.toString()).toMatch(/^# /);
    }
    expect((await app.get('/docs/adr/0044-clients-see-positions-instead-of-sequences')).status).toBe(200);
    expect((await app.get('/docs/runbooks/dead-letters')).status).toBe(200);
    expect((await app.get('/docs')).bytes.toString()).toContain('href="docs/access"');
    expect((await app.request('GET', '/docs/no-such-page')).status).toBe(404);
    expect((await app.request('GET', '/docs/..%2Fpackage.json')).status).toBe(404);
  });

  it('list the pages for agents, with links that work', async () => {
    const text = (await app.get('/llms.txt', { authorization: '' })).bytes.toString();
    expect(text).toMatch(/^# OpenSync\n\n> /);
    const links = [...text.matchAll(/\]\((docs\/[^)]+)\)/g)].map(([, link]) => `/${link!}`);
    expect(links.length).toBeGreaterThan(20);
    for (const link of links) expect([link, (await app.get(link)).status]).toEqual([link, 200]);
  });

  it('search for holders of any key, and for nobody else', async () => {
    for (const as of ['ada-read', 'ada-ingest']) {
      const { status, body } = await app.request('GET', '/docs/search?q=revoke%20key&type=fulltext', { as });
      expect([status, body.results.length > 0]).toEqual([200, true]);
    }
    expect((await app.get('/docs/search?q=key', { authorization: '' })).status).toBe(401);
    expect((await app.request('GET', '/docs/search')).status).toBe(400);
  });
});
