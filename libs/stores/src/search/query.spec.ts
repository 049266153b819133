import fc from 'fast-check';
import { parseQuery, type ParsedQuery, type QueryTerm } from './query.ts';

const shown = ({ words, prefix, quoted }: QueryTerm) => {
  const text = words.join(' ') + (prefix ? '*' : '');
  return quoted ? `"${text}"` : text;
};
const allOf = (text: string) => parseQuery(text).all.map(shown);
const noneOf = (text: string) => parseQuery(text).none.map(shown);

describe('parseQuery', () => {
  it('takes the last word as a prefix', () => {
    expect(allOf('fetch sess')).toEqual(['fetch', 'sess*']);
    expect(allOf('fetch sess ')).toEqual(['fetch', 'sess*']);
    expect(allOf('fetch -sess')).toEqual(['fetch*']);
  });

  it('takes quoted words literally', () => {
    expect(allOf('"fetch the session"')).toEqual(['"fetch the session"']);
    expect(allOf('fetch “the session”')).toEqual(['fetch', '"the session"']);
    expect(allOf('fetch "the sess')).toEqual(['fetch', '"the sess"']);
  });

  it('also splits identifiers into parts', () => {
    expect(parseQuery('useSt').all).toMatchObject([{ words: ['usest'], parts: ['use', 'st'], prefix: true }]);
    expect(parseQuery('src/useAuth.ts').all).toMatchObject([
      {
        text: 'src/useAuth.ts',
        words: ['src', 'useauth', 'ts'],
        parts: ['src', 'use', 'auth', 'ts'],
        prefix: true,
        pieces: [
          { text: 'src', words: ['src'], prefix: false },
          { text: 'useAuth', words: ['useauth'], parts: ['use', 'auth'], prefix: false },
          { text: 'ts', words: ['ts'], prefix: true },
        ],
      },
    ]);
  });

  it('splits scripts without blanks into pairs of characters', () => {
    const [term] = parseQuery('内存泄漏').all;
    expect(term).toMatchObject({ words: ['内', '存', '泄', '漏'], prefix: false });
    expect(term!.pieces!.map(shown)).toEqual(['内 存', '存 泄', '泄 漏']);
    expect(parseQuery('東').all).toMatchObject([{ words: ['東'], prefix: false }]);
    expect(parseQuery('Go言語で').all[0]!.pieces!.map(shown)).toEqual(['go', '言 語', '語 で']);
  });

  it('makes stop words optional, unless there is nothing else', () => {
    expect(allOf('how did we fix the login')).toEqual(['fix', 'login*']);
    expect(allOf("what's it that doesn't work")).toEqual(['work*']);
    expect(allOf('to be or not to be')).toEqual(['to', 'be*', 'or', 'not']);
    expect(allOf('"to be" with')).toEqual(['"to be"']);
    expect(parseQuery('how did we fix the login').count).toBe(6);
  });

  it('treats operators of engines as plain words', () => {
    expect(allOf('xa AND xb* OR NEAR(title:c)')).toEqual(['xa', 'xb', 'near title c*']);
  });

  it.each(['', '   ', '-', '--', '""', '-""', '*()^:', '-only', '-"only this" -that'])('is empty for %j', (text) => {
    expect(parseQuery(text)).toMatchObject({ all: [], isEmpty: true });
  });
});

describe('a dash', () => {
  it.each([
    ['push -draft', ['push*'], ['draft']],
    ['push -draft -"work in progress"', ['push*'], ['draft', '"work in progress"']],
    ['-legacy login', ['login*'], ['legacy']],
    ['login -Legacy -ПРОЕКТ', ['login*'], ['legacy', 'проект']],
    ['部署 -草稿', ['部 署'], ['草 稿']],
    ['docker -compose', ['docker*'], ['compose']],
    ['python -django orm', ['python', 'orm*'], ['django']],
    ['git -rebase', ['git*'], ['rebase']],
    ['make tests -slow', ['make', 'tests*'], ['slow']],
    ['login -ios', ['login*'], ['ios']],
    ['value -useState', ['value*'], ['usestate']],
    ['find login -oauth', ['find', 'login*'], ['oauth']],
  ])('excludes before a word of letters or a phrase: %s', (query, all, none) => {
    expect([allOf(query), noneOf(query)]).toEqual([all, none]);
    expect(parseQuery(query).meaning).not.toMatch(/(^|\s)-/);
  });

  it.each([
    ['MCP error -32601: Method not found', ['mcp', 'error', '32601', 'method', 'found*']],
    ['exit code -1', ['exit', 'code', '1*']],
    ['temperature -3.5', ['temperature', '3 5*']],
    ['-M', ['m*']],
    ['cmake -dFOO=1', ['cmake', 'dfoo 1*']],
    ['rm -rf node_modules', ['rm', 'rf', 'node_modules*']],
    ['zword rm -rf dist', ['zword', 'rm', 'rf', 'dist*']],
    ['grep -v foo', ['grep', 'v', 'foo*']],
    ['git commit -am "x"', ['git', 'commit', 'am', '"x"']],
    ['docker run -p 8080:80 -it nginx', ['docker', 'run', 'p', '8080 80', 'it', 'nginx*']],
    ['push --force --no-verify', ['push', 'force', 'no verify*']],
    ['ls -la', ['ls', 'la*']],
    ['tar -xzvf a.tgz', ['tar', 'xzvf', 'a tgz*']],
    ['rsync -avzP src', ['rsync', 'avzp', 'src*']],
    ['find . -name foo -type f', ['find', 'name', 'foo', 'type', 'f*']],
    ['sudo find / -size 1', ['sudo', 'find', 'size', '1*']],
    ['java -jar app.jar', ['java', 'jar', 'app jar*']],
    ['openssl req -newkey rsa -nodes', ['openssl', 'req', 'newkey', 'rsa', 'nodes*']],
    ['go test -run TestLogin -race', ['go', 'test', 'run', 'testlogin', 'race*']],
    ['ffmpeg -i in.mp4 -vcodec copy', ['ffmpeg', 'i', 'in mp4', 'vcodec', 'copy*']],
    ['kubectl logs -n prod -tail', ['kubectl', 'logs', 'n', 'prod', 'tail*']],
    ['npx jest -watch | tee', ['npx', 'jest', 'watch', 'tee*']],
    ['./run.sh -fast -x', ['run sh', 'fast', 'x*']],
    ['well-known', ['well known*']],
    ['a - b -', ['b*']],
    ['fix -k8s', ['fix', 'k8s*']],
    ['set -auto-approve', ['set', 'auto approve*']],
    ['x"-y"', ['x', 'y*']],
    ['- first thing\n-second thing', ['first', 'thing*', 'second']],
    ['return null;\n-const removed = "1"\n+const added', ['return', 'null', 'const', 'removed', '1', 'added*']],
  ])('belongs to a word, or means nothing: %s', (query, all) => {
    expect(noneOf(query)).toEqual([]);
    expect(allOf(query)).toEqual(all);
  });

  it.each([
    'TypeError: Cannot invoke "Order.size()" because the value of "this.order" is null',
    'E11000 duplicate key error index: email_1 dup key: { email: "x" }',
    'foo("first", "second value")',
    '<div class="two words">',
    'two lines\nof "quoted text" and -more',
    'unable to resolve peer react@"^18"',
  ])('or a quote in pasted text is literal: %s', (query) => {
    const { all, none } = parseQuery(query);
    expect(none).toEqual([]);
    expect(all.filter(({ quoted }) => quoted)).toEqual([]);
  });

  it.each([
    'where did we discuss the error: "connection pool exhausted" in the shop api',
    'fix for "pool exhausted" (the second attempt) in the pipeline',
    '"pool exhausted" -"read only" node.js',
  ])('or a quote in typed text has its meaning: %s', (query) => {
    expect(parseQuery(query).all.some(({ quoted }) => quoted)).toBe(true);
  });
});

describe('the meaning of a query', () => {
  it.each([
    ['login flow', 'login flow'],
    ['login -legacy flow', 'login flow'],
    ['-"old api" "new api" calls', 'new api calls'],
    ['--verbose flag', '--verbose flag'],
    ['well-known - dash', 'well-known - dash'],
    ['-only -negations', '-only -negations'],
    ['rm -rf dist', 'rm -rf dist'],
    ['MCP error -32601', 'MCP error -32601'],
  ])('of %j is %j', (query, meaning) => expect(parseQuery(query).meaning).toBe(meaning));
});

describe('a very long query', () => {
  const tokens = ({ all, none }: ParsedQuery) =>
    [...all, ...none].reduce((sum, { words, parts = [] }) => sum + words.length + parts.length, 0);

  it('becomes single words, including those of phrases, and says so', () => {
    const trace = `Error: "it broke" ${Array.from({ length: 900 }, (_, n) => `at handler${n} (/srv/app/file${n}.js:${n}:1)`).join(' ')}`;
    const parsed = parseQuery(trace);
    expect(parsed.long).toBe(true);
    expect(parsed.all.length).toBeLessThanOrEqual(256);
    expect(parsed.all.filter(({ words }) => words.length > 1).map(shown)).toEqual(['"it broke"']);
    expect(parsed.all.map(shown)).toEqual(expect.arrayContaining(['handler0', 'file0', 'srv']));
    expect(parseQuery('fetch the session').long).toBeUndefined();
  });

  it('has at most 64 tokens, 12 of them in a phrase; otherwise it counts as long', () => {
    expect(parseQuery(`"${'x '.repeat(5_000)}"`).all[0]!.words).toHaveLength(12);
    const path = 'src/lib/web/app/core/data/user/form/edit/view/item/list/page/index';
    expect(parseQuery(path).all[0]!.words).toHaveLength(12);
    const negations = parseQuery(
      `${Array.from({ length: 500 }, (_, n) => `-no${'abcdefghij'[n % 10]}x${'abcdefghij'[((n / 10) % 10) | 0]}`).join(' ')} yes`,
    );
    expect(negations.none.length).toBeLessThanOrEqual(32);
    expect(negations.all.map(shown)).toEqual(['yes*']);
  });

  it('counts the parts of identifiers as tokens, each is looked for', () => {
    const names = (count: number) =>
      Array.from({ length: count }, (_, n) => `readUser${'abcdefghijklmnopqrst'[n]}Name`);
    expect(parseQuery(names(12).join(' ')).long).toBeUndefined();
    expect(parseQuery(names(20).join(' ')).long).toBe(true);
    expect(
      parseQuery(
        names(20)
          .map((name) => `-${name}`)
          .join(' '),
      ).none.length,
    ).toBeLessThan(10);
  });

  it('accepts 32 Ki characters, and never throws', () => {
    const words = Array.from({ length: 5_000 }, (_, n) => `w${n}`).join(' ');
    expect(parseQuery(words).count).toBeGreaterThan(4_000);
    const hostile = fc.string({
      unit: fc.constantFrom(...'"-*()^:+{}[]\\ \0aB1_東👍\ud800\u0301\n', ' -ab', 'rm ', '"a b"'),
    });
    fc.assert(
      fc.property(fc.oneof(hostile, fc.string({ unit: 'binary' })), (text) => {
        const parsed = parseQuery(text);
        expect(parsed.isEmpty).toBe(parsed.all.length === 0);
        if (!parsed.long) expect(tokens(parsed)).toBeLessThanOrEqual(64);
        for (const term of [...parsed.all, ...parsed.none]) {
          for (const { words, parts = ['x'] } of [term, ...(term.pieces ?? [])]) {
            expect(words.length * parts.length).toBeGreaterThan(0);
            expect(Math.max(words.length, parts.length)).toBeLessThanOrEqual(12);
            for (const token of [...words, ...parts]) expect(token).not.toMatch(/[\s"]/);
          }
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
