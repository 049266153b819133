/**
 * Names that clients send when they do not know the real one. They count only until a real name is known, and never
 * replace one: the fold ranks them lower.
 */

/** The noun in a default title: "New chat", "Untitled session". */
const THING = '(?:session|chat|conversation|thread|agent|composer|task|dialog(?:ue)?)';
const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const MONTH =
  '(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)';
const WEEKDAY = '(?:mon|tue(?:s)?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?';
/**
 * The distinguishing suffix of a default: a number, a date and time in any notation, an id; "New session -
 * 2026-01-02T03:04:05.678Z".
 */
const STAMP = String.raw`(?:[\s#:]*${UUID}|(?:[\s\d#:;,._/+()–—-]|(?<=\d)[tz]|\b(?:am|pm|utc|gmt|at|${MONTH}|${WEEKDAY})\b)*)`;

const PLACEHOLDER_TITLES: readonly RegExp[] = [
  new RegExp(`^(?:untitled|unnamed)(?: ${THING})?${STAMP}$`),
  new RegExp(`^(?:new|blank|empty|default|child) ${THING}${STAMP}$`),
  // A date or an id alone, or after a noun: "Session 2026-01-02 03:04", ses_4f2a…, rollout-2026-01-02T03-04-05-….
  new RegExp(String.raw`^(?:${THING}[\s#:–—-]*)?(?:${UUID}|\d{4}-\d{2}-\d{2}${STAMP})$`),
  /^(?:ses_[0-9a-z]{8,}|rollout-\d{4}-[0-9a-z_:.-]*)$/,
  /^(?:no|without|missing) (?:title|name)$/,
  /^(?:unknown|none|null|undefined|nan|n\/a|\[object object\])$/,
  // Defaults of agents in Chinese, Japanese, Korean, German, French, Spanish, Portuguese, Italian and Russian.
  /^(?:新(?:建)?(?:的)?(?:会话|對話|对话|聊天|任务|任務)|无标题|未命名(?:会话|对话)?|無題|新しい(?:チャット|セッション|会話)|새 (?:채팅|대화|세션)|제목 없음)[\s\d()-]*$/,
  /^(?:neuer chat|neue (?:sitzung|unterhaltung)|unbenannt|ohne titel|nouveau chat|nouvelle (?:conversation|session)|sans titre|nuev[oa] (?:chat|conversación|sesión)|sin título|nov[oa] (?:chat|conversa|sessão)|sem título|nuova (?:chat|conversazione|sessione)|senza titolo|новый чат|новая (?:беседа|сессия)|без названия)[\s\d()-]*$/,
];

/** Prefix of the title of a fork, as pi-opensync-plugin writes it: "[Fork::1a2b3c4d] Untitled". */
const FORK_MARK = /^\[fork(?:::[^\]]*)?\]\s*/;
const FORK_OF = /^\[fork::([^\]]+)\]/i;

/** The session that a title of pi-opensync-plugin says it is a fork of, by its agent's id. */
export function forkMark(title: string | undefined): string | undefined {
  return title === undefined ? undefined : FORK_OF.exec(title)?.[1]?.trim();
}

/** Around a title: quotes, brackets, dashes, and the dots of a truncated title. */
const AROUND = /^[\s"'“”‘’`([{<*_.…-]+|[\s"'“”‘’`)\]}>*_.…-]+$/g;

/** Whether a title is a default of an agent or plugin ("Untitled", "New session - 2026-01-02T…", "New Chat"), in any case. */
export function isPlaceholderTitle(title: string): boolean {
  // A longer title carries information.
  if (title.length > 200) return false;
  const lower = title.normalize('NFKC').toLowerCase().trim().replace(FORK_MARK, '');
  const bare = lower.replace(AROUND, '');
  return (
    !/[\p{L}\p{N}]/u.test(bare) ||
    [lower, bare].some((text) => PLACEHOLDER_TITLES.some((pattern) => pattern.test(text)))
  );
}

/** "<synthetic>" is Claude Code's model of the messages that it generates itself. */
const PLACEHOLDER_NAME =
  /^(?:(?:unknown|default|auto|none|null|undefined|nan|n\/a|other|unspecified|not set|synthetic)(?:[ _-]?(?:model|provider))?|model|provider|<[^>]*>|\[object object\]|[^\p{L}\p{N}]*)$/u;

/** Caches the latest names: there are few, and each message checks its own again. */
const NAMES_SEEN = new Map<string, boolean>();
const MOST_SEEN = 1_000;

/** Whether a model's or provider's name is a placeholder ("unknown", "<synthetic>", "default"), in any case. */
export function isPlaceholderName(name: string): boolean {
  if (name.length > 64) return false;
  const seen = NAMES_SEEN.get(name);
  if (seen !== undefined) return seen;
  const isPlaceholder = PLACEHOLDER_NAME.test(name.normalize('NFKC').toLowerCase().trim());
  if (NAMES_SEEN.size >= MOST_SEEN) NAMES_SEEN.clear();
  NAMES_SEEN.set(name, isPlaceholder);
  return isPlaceholder;
}
