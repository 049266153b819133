import type { Finding } from '../finding.ts';

/** A secret by its own form. With a group `value`, only that is the secret. All are linear in the text. */
const FORMS: readonly RegExp[] = [
  // An API key of OpenSync.
  /\bosk_[A-Za-z0-9_-]{16,200}/dg,
  // A JSON Web Token.
  /\beyJ[A-Za-z0-9_-]{8,4000}\.eyJ[A-Za-z0-9_-]{8,8000}\.[A-Za-z0-9_-]{8,2000}/dg,
  // `Authorization: Bearer …`, `Basic …`
  /\b(?:bearer|basic|token)\s{1,4}(?<value>[A-Za-z0-9+/_.~=-]{20,4000})/dgi,
  // The password in any URL; the rules of the preset know some schemes and skip many passwords.
  /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:/@"'`<>]{0,200}:(?<value>[^\s/@"'`<>]{3,200})@/dgi,
  // Private keys, also with the line ends of a JSON string.
  /-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----(?:(?!-----)[\s\S]){20,20000}-----END (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----/dg,
  // AWS access keys, also the examples of its documentation.
  /\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}\b/dg,
  // Google: API keys, OAuth tokens and client secrets.
  /\bAIza[A-Za-z0-9_-]{35}/dg,
  /\bya29\.[A-Za-z0-9_-]{20,500}/dg,
  /\bGOCSPX-[A-Za-z0-9_-]{28}/dg,
  // OpenAI and others with the same form, Anthropic, OpenRouter.
  /\bsk-[A-Za-z0-9_-]{20,300}/dg,
  // GitHub, GitLab, Slack, Stripe, npm, PyPI, Hugging Face, DigitalOcean, Docker: also lengths that the preset does not know.
  /\b(?:gh[pousr]_[A-Za-z0-9]{30,255}|github_pat_[A-Za-z0-9_]{22,255})/dg,
  /\bgl(?:pat|ptt|dt|rt|cbt|soat)-[A-Za-z0-9_-]{20,100}/dg,
  /\bxox[abeoprs](?:-[A-Za-z0-9]{8,200}){1,6}|\bxapp-\d-[A-Za-z0-9-]{20,200}/dg,
  /\b(?:[rs]k|whsec)_(?:(?:live|test|prod)_)?[A-Za-z0-9]{16,200}/dg,
  /\b(?:npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{50,300}|hf_[A-Za-z0-9]{30,60}|do[opr]_v1_[a-f0-9]{64}|dckr_pat_[A-Za-z0-9_-]{20,60})/dg,
  // Twilio, SendGrid, Mailgun, Telegram, Age, Terraform Cloud, Supabase, Discord.
  /\bSK[0-9a-f]{32}\b|\bSG\.[A-Za-z0-9_-]{16,30}\.[A-Za-z0-9_-]{30,60}|\bkey-[0-9a-f]{32}\b/dg,
  /\b\d{8,10}:AA[A-Za-z0-9_-]{33}\b|\bAGE-SECRET-KEY-1[A-Z0-9]{58}|\b[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{60,70}|\bsbp_[a-f0-9]{40}/dg,
  /\bhttps:\/\/(?:discord(?:app)?\.com\/api\/webhooks\/\d{10,25}|hooks\.slack\.com\/(?:services|workflows))\/[A-Za-z0-9_/-]{20,200}/dg,
  // Azure: storage keys and shared access signatures.
  /\bAccountKey=(?<value>[A-Za-z0-9+/=]{40,100})|[?&]sig=(?<value>[A-Za-z0-9%]{30,100})/dg,
];

/** `password = "…"`, `API_KEY=…`, `"client_secret": "…"`, `--token …`. */
const ASSIGNMENT =
  /(?:^|[^A-Za-z0-9])(?<name>[A-Za-z0-9_.-]{0,60}(?:passw(?:or)?d|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|auth[_-]?key|encryption[_-]?key|signing[_-]?key|credentials?|auth)(?:[_-](?:key|value|id|base64|prod|production|dev|staging|test))?)(?:\\?["'`])?(?:\s{0,3}(?:=>|:=|[:=])\s{0,3}|\s{1,2}(?=\\?["'`]))(?:\\?["'`])?(?<value>[^\s"'`\\,;(){}<>\[\]]{6,500})/dgi;

/** Values that stand for a secret: variables, placeholders, types, and references to where it is. */
const PLACEHOLDER =
  /^(?:\$|%|\{|<|\*+$|x+$|\.+$|-+$|(?:process|os|env|settings|config|self|this|import|secrets|vars|std|options?|args?|request|req|ctx|context|props|state|data)[.:[]|(?:string|number|boolean|bool|true|false|null|none|nil|undefined|required|optional|unknown|any|int|str|bytes|text|integer|object|function|async|await|return|const|redacted|changeme|example|placeholder|secretRef|valueFrom)\b|your[-_]?|my[-_](?:secret|token|password|key)|https?:\/\/|\/|\.\.?\/|~\/)/i;

/** Secrets by their form, and values of fields that are named like one. Pure. */
export function patternSecrets(text: string): Finding[] {
  const found: Finding[] = [];
  for (const form of FORMS) {
    for (const match of text.matchAll(form)) {
      const [start, end] = match.indices!.groups?.value ?? match.indices![0]!;
      if (isWord(form) && !looksRandom(text.slice(start, end))) continue;
      if (!PSEUDONYM.test(text.slice(start, end))) found.push({ kind: 'secret', start, end });
    }
  }
  for (const match of text.matchAll(ASSIGNMENT)) {
    const [start, end] = match.indices!.groups!.value!;
    const { name, value } = match.groups as { name: string; value: string };
    if (isAssigned(name, value)) found.push({ kind: 'secret', start, end });
  }
  return found;
}

/** What an earlier redaction put there. */
const PSEUDONYM = /^secret-[0-9a-f]{10}$/;

/** The word after `bearer` or `token` may be prose. */
function isWord(form: RegExp): boolean {
  return form.source.startsWith(String.raw`\b(?:bearer`);
}

const IS_PASSWORD = /passw|passphrase|pwd/i;
/** Fields that count or name tokens, and what code calls its variables. */
const NO_SECRET =
  /(?:max|min|num|total|prompt|completion|input|output|cache|context|count|used|usage|per)[_.-]?[a-z]*[_.-]?tokens?$|tokens?[_.-]?(?:count|limit|usage|id|type)$|(?:^|[_.-])auth$|(?:public|primary|foreign|sort|partition)[_.-]?key/i;

function isAssigned(name: string, value: string): boolean {
  if (NO_SECRET.test(name) || PLACEHOLDER.test(value) || PSEUDONYM.test(value)) return false;
  // A password is any word with something that prose and code do not have; everything else is random.
  if (IS_PASSWORD.test(name)) return /\d/.test(value) || /[^\w.-]/.test(value);
  return looksRandom(value);
}

/** Whether a machine made it: long, of several kinds of characters, and with much variety. */
function looksRandom(value: string): boolean {
  if (value.length < 12) return false;
  const kinds = [/[a-z]/, /[A-Z]/, /\d/].filter((kind) => kind.test(value)).length;
  if (kinds < 2 || !/\d/.test(value)) return kinds === 2 && value.length >= 24 && entropy(value) > 4;
  return entropy(value) > (value.length < 20 ? 2.8 : 3.2);
}

/** Bits a character. */
function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}
