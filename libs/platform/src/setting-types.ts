import { isIP } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { parseProxies } from './http/client-address.ts';
import { isThisMachine } from './http/logins.ts';
import { NATS_SCHEMES, parseNatsServers } from './nats-servers.ts';

// Types of settings. Their messages follow the given value: `PORT: "http" is not …`.

/** A number in decimal digits: `Number` would also accept `0x10`, `1e3` and blanks. */
function digits(pattern: RegExp, [from, to]: readonly [number, number], message: string) {
  return z.string().transform((text, context) => {
    const value = pattern.test(text) ? Number(text) : NaN;
    if (value >= from && value <= to) return value;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });
}

export function whole(from: number, to = Number.MAX_SAFE_INTEGER) {
  const range = to === Number.MAX_SAFE_INTEGER ? `, ${from} or more` : ` from ${from} to ${to}`;
  return digits(/^\d+$/, [from, to], `is not a whole number${range}`);
}

export function decimal(from: number, to = Number.MAX_VALUE) {
  const range = to === Number.MAX_VALUE ? `, ${from} or more` : ` from ${from} to ${to}`;
  return digits(/^\d+(\.\d+)?$/, [from, to], `is not a number${range}`);
}

export const port = whole(0, 65_535);

export const bytes = digits(/^\d+$/, [1, Number.MAX_SAFE_INTEGER], 'is not a whole number (bytes, e.g. 10485760)');

/** As `bytes`, with a minimum. */
export function bytesFrom(least: number) {
  return digits(/^\d+$/, [least, Number.MAX_SAFE_INTEGER], `is not a whole number of bytes, ${least} or more`);
}

export function oneOf<const Values extends readonly string[]>(values: Values) {
  return z.enum(values, `is not one of ${values.join(', ')}`);
}

export function url(...schemes: string[]) {
  const starts = schemes.map((scheme) => `${scheme}//`);
  return z.string().refine((value) => starts.some((start) => value.startsWith(start)) && URL.canParse(value), {
    message: `is not a URL that starts with ${starts.join(' or ')}`,
  });
}

/** Base URLs, in the order in which they are tried. */
export const urlList = z.string().refine((list) => list.split(',').every((one) => isBaseUrl(one.trim())), {
  message: 'is not a list of URLs that start with https:// or http://, without a user or password, separated by commas',
});

function isBaseUrl(value: string): boolean {
  if (!/^https?:\/\//.test(value) || !URL.canParse(value)) return false;
  const { username, password, search, hash } = new URL(value);
  return [username, password, search, hash].every((part) => part === '');
}

const MONGODB_URL = /^mongodb(?:\+srv)?:\/\/(?:[^@/?\s]*@)?(?<hosts>[^@/?\s]+)(?:\/[^?\s]*)?(?:\?\S*)?$/;

/** A URL parser rejects these, because they may name several hosts. */
export const mongodbUrl = z.string().refine(
  (value) => {
    const hosts = MONGODB_URL.exec(value)?.groups?.hosts?.split(',');
    return (
      hosts !== undefined &&
      hosts.every((host) => host !== '' && !host.startsWith(':') && URL.canParse(`mongodb://${host}`))
    );
  },
  { message: 'is not a URL that starts with mongodb:// or mongodb+srv://' },
);

export const natsServers = z.string().refine((list) => parseNatsServers(list) !== undefined, {
  message: `is not a list of URLs that start with ${NATS_SCHEMES.map((scheme) => `${scheme}//`).join(' or ')}, separated by commas`,
});

export const proxies = z.string().refine((list) => parseProxies(list) !== undefined, {
  message: 'is not a list of addresses, networks such as 10.1.0.0/16, loopback or private, separated by commas',
});

/** A path as browsers show it, of names without characters that need encoding; with a slash at its end. */
export const path = z
  .string()
  .regex(/^\/([\w.~-]+\/)*([\w.~-]+)?$/, 'is not a path such as /opensync')
  .transform((value) => (value.endsWith('/') ? value : `${value}/`));

export const host = z
  .string()
  .refine((value) => isIP(value) !== 0 || /^[\w.-]+$/.test(value), 'is not a host name or an IP address alone');

/** `*`, or origins as browsers send them: lower case and without a path, otherwise none would ever match. */
export const origins = z
  .string()
  .refine(
    (list) => list.split(',').every((origin) => /^\s*(\*|[a-z][a-z0-9+.-]*:\/\/[^\s/?#@A-Z]+)\s*$/.test(origin)),
    'is neither * nor a list of origins such as https://app.example, separated by commas',
  );

/** Anybody could read a cookie on an unencrypted connection. */
export const origin = z
  .string()
  .refine(
    (value) => URL.canParse(value) && new URL(value).origin === value.replace(/\/$/, '') && isEncrypted(new URL(value)),
    'is not an https:// address without a path (http:// is for localhost)',
  )
  .transform((value) => new URL(value).origin);

/** What it says about people is trusted, so nobody in between may change it. */
export const issuer = z
  .string()
  .refine(
    (value) => URL.canParse(value) && isEncrypted(new URL(value)) && !/[?#@]/.test(value),
    'is not an https:// address (http:// is for localhost)',
  );

function isEncrypted({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || (protocol === 'http:' && isThisMachine(hostname));
}

export const email = z.string().refine(isEmail, 'is not an e-mail address');

/** A name and a host: enough to distinguish an address from a name. Whether mail arrives there does not matter. */
export function isEmail(text: string): boolean {
  return /^[^\s@]+@[^\s@]+$/.test(text);
}

/** No shell expands `~` in an `.env` file or in a systemd unit. */
/** The path of a folder or file. */
export const folder = z.string().transform((path) => (/^~($|\/)/.test(path) ? join(homedir(), path.slice(1)) : path));

const isTimeZone = (name: string) => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
};
export const timeZone = z.string().refine(isTimeZone, 'is no time zone of the IANA database, such as Europe/Berlin');

const HOST_NAMES = /^(?:[a-z\d](?:[a-z\d.-]*[a-z\d])?(?:, *(?=.)|$))*$/i;
export const hostNames = z
  .string()
  .refine((names) => HOST_NAMES.test(names), 'is not a list of host names, such as sync.example.com,opensync');

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** In double quotes it is a JSON string: some files and shells cannot hold a line break or a blank at the end. */
export const prefix = z.string().transform((text, context) => {
  const value = text.startsWith('"') ? parsedJson(text) : text;
  if (typeof value === 'string') return value;
  context.addIssue({ code: 'custom', message: 'is not a text, or a JSON string in double quotes' });
  return z.NEVER;
});

export const jsonObject = z.string().transform((text, context) => {
  const parsed = z.record(z.string(), z.json()).safeParse(parsedJson(text));
  if (parsed.success) return parsed.data;
  context.addIssue({ code: 'custom', message: 'is not a JSON object such as {"input_type":"query"}' });
  return z.NEVER;
});
