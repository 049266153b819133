import { anchorOf, isAside, pagesOf, snippetOf, targetOf } from './documents.ts';

const LLMS = `# OpenSync

> Keeps sessions.

- [OpenAPI document](openapi.json): every route

## Documentation

- [OpenSync](docs/readme.md): Keeps [sessions]
- [Backup and restore](docs/backup.md)

## Optional

- [1. Fields as registers](docs/adr/0001-fields-as-registers.md): Why
`;
const slugs = new Set(['readme', 'backup', 'http-api', 'security', 'security-policy', 'adr/0001-fields-as-registers']);

it('lists the pages that the server has', () => {
  const pages = pagesOf(LLMS);
  expect(pages).toEqual([
    { slug: 'readme', title: 'OpenSync', summary: 'Keeps [sessions]' },
    { slug: 'backup', title: 'Backup and restore', summary: '' },
    { slug: 'adr/0001-fields-as-registers', title: '1. Fields as registers', summary: 'Why' },
  ]);
  expect(pages.filter(isAside).map(({ slug }) => slug)).toEqual(['adr/0001-fields-as-registers']);
});

it.each([
  ['backup.md', 'http-api', { slug: 'backup', anchor: '' }],
  ['docs/backup.md#restore', 'readme', { slug: 'backup', anchor: 'restore' }],
  ['adr/0001-fields-as-registers.md', 'backup', { slug: 'adr/0001-fields-as-registers', anchor: '' }],
  ['../api.md', 'adr/0001-fields-as-registers', { slug: 'http-api', anchor: '' }],
  ['../SECURITY.md', 'security', { slug: 'security-policy', anchor: '' }],
  ['security.md', 'backup', { slug: 'security', anchor: '' }],
  ['../README.md', 'backup', { slug: 'readme', anchor: '' }],
  ['/docs/backup', 'readme', { slug: 'backup', anchor: '' }],
  ['#a-%C3%A4', 'backup', { slug: 'backup', anchor: 'a-ä' }],
  ['/docs/api', 'readme', { path: '/docs/api' }],
  ['https://example.org/x', 'readme', { url: 'https://example.org/x' }],
  ['../deploy/helm/values.yaml', 'backup', undefined],
  ['//example.org/x', 'readme', undefined],
  ['javascript:alert(1)', 'readme', undefined],
  ['http://[', 'readme', { url: 'http://[' }],
  ['%E0%A4%A', 'readme', undefined],
])('knows where %s on the page %s leads', (href, slug, target) => {
  expect(targetOf(href, slug, slugs)).toEqual(target);
});

it('reads the hits of a snippet, and never HTML', () => {
  expect(snippetOf('a &lt;b&gt; <mark>tide &amp; ebb</mark> &#39;x&#x27; &nope; <i>')).toEqual([
    { text: 'a <b> ', isHit: false },
    { text: 'tide & ebb', isHit: true },
    { text: " 'x&#x27; &nope; <i>", isHit: false },
  ]);
});

it('names headings as the pages of the server do', () => {
  expect(anchorOf('What a login is, and isn’t')).toBe('what-a-login-is-and-isnt');
});
