/** A kind of file that programs generate and nobody reads; only the names in it are worth indexing. */
interface Kind {
  /** Identifies it by its first characters. */
  readonly begins: RegExp;
  /** A line of it, which may begin with the line number that agents show; the first matching group holds the name. */
  readonly line: RegExp;
}

/** The number of a line, as tools that read files put it before the line. */
const NUMBER = String.raw`^\s*(?:\d+[\s→|:]+)?`;
const line = (...forms: readonly string[]) => new RegExp(`${NUMBER}(?:${forms.join('|')})?\\s*,?\\s*$`);
const STRING = String.raw`"(?:[^"\\]|\\.)*"`;

/** Lock files of package managers. */
const KINDS: readonly Kind[] = [
  // package-lock.json, npm-shrinkwrap.json, bun.lock, composer.lock, Pipfile.lock, deno.lock
  {
    begins: /"lockfileVersion"|"content-hash"|"_meta": *\{|"version": *"[345]",\s*"(?:specifiers|packages|redirects)"/,
    line: line(
      String.raw`"name": *"([^"]+)"`,
      String.raw`"(?:node_modules/)?((?:@[\w.-]+/)?[\w.-]+(?:/[\w.@-]+)*)": *[\[{].*`,
      `${STRING}(?: *: *(?:${STRING}|[\\w.-]+|[\\[{].*))?`,
      String.raw`[\]{}[]+`,
    ),
  },
  // yarn.lock
  {
    begins: /# yarn lockfile v\d|__metadata:/,
    line: line(
      String.raw`"?((?:@[\w.-]+/)?[\w.-]+)@[^\n]*:`,
      '#.*',
      String.raw`(?:  )+\S.*`,
      `__metadata:`,
      String.raw`[\w"@/.-]+:? .*`,
    ),
  },
  // pnpm-lock.yaml
  {
    begins: /lockfileVersion: /,
    line: line(String.raw`'?/?((?:@[\w.-]+/)?[\w.-]+)@[^\n]*:(?: \{\})?`, String.raw`'?[\w@/.-]+'?:.*`, '- .*'),
  },
  // Cargo.lock, poetry.lock, uv.lock, pdm.lock
  {
    begins: /\[\[package\]\]/,
    line: line(
      String.raw`name = "([^"]+)"`,
      String.raw`[\w-]+ = .*`,
      String.raw`\[.*`,
      STRING,
      String.raw`\{.*`,
      '#.*',
      String.raw`\]`,
    ),
  },
  // Gemfile.lock
  {
    begins: /\bGEM\r?\n[\s\d→|:]*remote: /,
    line: line(String.raw`([\w.-]+) \([\d.].*`, String.raw`[\w.-]+!?(?: \(.*)?`, '[A-Z ]+', String.raw`\w+: .*`),
  },
  // go.sum
  { begins: / h1:[\w+/]{43}=/, line: line(String.raw`([\w./~-]+) v\S+ h1:\S+`) },
];
/** The beginning of a file identifies it. */
const BEGINNING = 2_000;
const SHORTEST = 1_000;
/** Fewer names are a quoted piece of a file. */
const FEWEST_NAMES = 8;

/**
 * The names in a lock file or a source map, one per line, and the unrelated lines around it; undefined for any other
 * text.
 */
export function namesOfFile(text: string): string | undefined {
  return text.length < SHORTEST ? undefined : (namesInLockFile(text) ?? namesInSourceMap(text));
}

function namesInLockFile(text: string): string | undefined {
  const beginning = text.slice(0, BEGINNING);
  const kind = KINDS.find(({ begins }) => begins.test(beginning));
  if (!kind) return undefined;
  const names = new Set<string>();
  const others: string[] = [];
  for (const each of text.split('\n')) {
    const match = each.length > BEGINNING ? null : kind.line.exec(each);
    const name = match?.slice(1).find((group) => group !== undefined);
    if (match === null) others.push(each);
    else if (name !== undefined) names.add(name);
  }
  return names.size < FEWEST_NAMES ? undefined : [...names, ...others].join('\n');
}

const SOURCE_MAP = /^\s*(?:\)\]\}'[^\n]*\n)?(?:\d+[\s→|:]+)?\{/;
const SOURCES = /"sources" *: *\[((?:[^\]"]|"(?:[^"\\]|\\.)*")*)\]/;

const FILE = /"file" *: *("(?:[^"\\]|\\.)*")/;

/** The names of the sources of a source map, and of the generated file. */
function namesInSourceMap(text: string): string | undefined {
  if (!SOURCE_MAP.test(text.slice(0, BEGINNING)) || !/"mappings" *: *"/.test(text) || !/"version" *: *3\b/.test(text)) {
    return undefined;
  }
  const list = `${FILE.exec(text)?.[1] ?? ''}${SOURCES.exec(text)?.[1] ?? ''}`;
  return Array.from(list.matchAll(/"((?:[^"\\]|\\.)*)"/g), ([, name]) => name!).join('\n');
}
