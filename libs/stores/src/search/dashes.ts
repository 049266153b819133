/** A piece of a query as it was typed, between blanks and quotes. */
export interface Typed {
  readonly text: string;
  /** Whether a blank or the beginning of the query stands before it. */
  readonly apart: boolean;
  readonly quoted: boolean;
}

const DASHED_WORD = /^-(?<word>[\p{L}\p{M}]{2,})$/v;

/** Programs whose names mean little else. */
const COMMANDS = new Set(
  `ansible apk apt aws az awk bash brew bun bundle bzip2 cargo chmod chown clang cmake composer conda cp crontab curl deno df
  diff dig django-admin docker docker-compose dotnet dpkg du echo egrep env eslint ffmpeg flutter g++ gcc gcloud gdb gem gh
  git gpg gradle gradlew grep gunzip gzip helm heroku htop iconv ifconfig ip iptables java javac jest journalctl jq k9s
  kubectl ld ln lldb ls lsof mkdir mongosh mount mvn mvnw mysql mysqldump nc netstat nginx nohup npm npx nslookup nx openssl
  perl pg_dump php pip pip3 pkill pnpm podman poetry powershell prettier ps psql pwsh pytest python python3 rails rake redis-cli
  rg rm rsync rustc scp sed sh sqlite3 ss ssh sudo systemctl tar tcpdump tee terraform tmux touch tsc tsx uv uvicorn valgrind
  vim vite vitest wget xargs xcodebuild yarn yum zip zsh`.split(/\s+/),
);
/** Programs whose names are words, too: commands only where a command begins. */
const COMMON_WORDS = new Set(
  `cat cd cut date export find go head kill less ls make more node open ping ruby rust set sort swift tail test time top uniq
  unzip watch wc which who zig`.split(/\s+/),
);
/** What a command line may begin with, or a command after it. */
const BEFORE_COMMAND = new Set([
  '$',
  '#',
  '%',
  '>',
  '|',
  '||',
  '&&',
  ';',
  'sudo',
  'time',
  'env',
  'xargs',
  'exec',
  'nohup',
  'then',
  'do',
]);
const OPERATORS = new Set(['|', '||', '&&', ';', '>', '>>', '<', '2>&1', '\\']);
/** Long options that begin with one dash. */
const LONG_OPTIONS = new Set(
  `acodec addext bench benchmem classpath connect count cover debug exec filter force help inform iname input jar keyout
  lock maxdepth mindepth mtime name newer newkey nodes noout null out outform outfile output parallel pedantic perm prune
  preset print pthread pubin pubout quiet race recursive regex reconfigure run servername short shared showcerts size skip
  static std subj tags target text timeout trimpath tulpn type user vcodec vet verbose verify version wall werror wextra
  whatif`.split(/\s+/),
);
const SURE_OPTION = /^(?:--[a-z\d]|-[a-z\d]$|-\d|-\w+[=:\/.,])/i;
const PATH = /^(?:\.{1,2}$|\.{0,2}\/|~\/|\$\w|[A-Z]:\\)/;
/** Letters of short options in a row: `-rf`, `-xzvf`, `-avzP`. */
const SHORT_OPTIONS = /^(?:[a-z]{2,3}|[b-df-hj-np-tv-xz]{4,5})$/i;
const CAPITAL_INSIDE = /^[a-z]{1,4}[A-Z]$/;
/** Short options follow soon: `git commit -am`. */
const NEAR = 3;

/**
 * Whether a piece of a query is an exclusion: a dash before a word of letters, after a blank. Not an option in a
 * command, nor a negative number; a text of several lines was pasted, so its dashes are literal.
 */
export function isNegation(pieces: readonly Typed[], at: number, pasted: boolean): boolean {
  const { text, apart, quoted } = pieces[at]!;
  if (!apart || !text.startsWith('-')) return false;
  if (quoted) return true;
  const word = DASHED_WORD.exec(text)?.groups?.word;
  return word !== undefined && !pasted && !isOption(word, pieces, at);
}

function isOption(word: string, pieces: readonly Typed[], at: number): boolean {
  const command = commandBefore(pieces, at);
  if (command === undefined) return false;
  if (LONG_OPTIONS.has(word.toLowerCase())) return true;
  if (at - command <= NEAR && (SHORT_OPTIONS.test(word) || CAPITAL_INSIDE.test(word))) return true;
  return pieces.some(
    ({ text, quoted }, place) =>
      !quoted && place > command && (SURE_OPTION.test(text) || OPERATORS.has(text) || (place < at && PATH.test(text))),
  );
}

/** The last command before a place: by its name, or by its path. */
function commandBefore(pieces: readonly Typed[], at: number): number | undefined {
  for (let place = at - 1; place >= 0; place -= 1) {
    const { text, quoted } = pieces[place]!;
    if (quoted) continue;
    const before = pieces[place - 1];
    const begins = before === undefined || BEFORE_COMMAND.has(before.text);
    const name = text.replace(/^[`$(]+|[`)]+$/g, '');
    if (COMMANDS.has(name) || (begins && (COMMON_WORDS.has(name) || PATH.test(name)))) return place;
  }
  return undefined;
}
