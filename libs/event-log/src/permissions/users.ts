import {
  ACCESS_SUBJECTS,
  APPLIED_SUBJECTS,
  CHANGE_SUBJECTS,
  CONSUMER_HEALTH_SUBJECT,
  DLQ_SUBJECTS,
  EMBED_SUBJECT,
  type Entity,
  EVENT_SUBJECTS,
  eventSubject,
  GENERATION_USE_SUBJECT,
  LOG_PROBLEM_SUBJECT,
  PAYLOAD_SUBJECTS,
  PEOPLE_SUBJECTS,
  PROJECTIONS,
  RAISE_SUBJECT,
  replaySubject,
  STORE_REPORT_SUBJECT,
} from '@opensync/contracts';
import {
  CONSUMER,
  FORMER_PAYLOADS,
  GENERATION_BUCKET,
  KEY_BUCKET,
  LOGIN_BUCKET,
  REMOVAL_BUCKET,
  STREAM,
  SUSPECT_BUCKET,
} from '../topology/names.ts';
import { BUCKETS, STREAMS } from '../topology/specifications.ts';
import {
  answers,
  type Ability,
  CONNECTS,
  consumes,
  deletesMessages,
  describes,
  hears,
  keeps,
  LISTS_STREAMS,
  pauses,
  publishes,
  purges,
  reads,
  readsDirectly,
  replays,
  sees,
  tails,
  watches,
  writesBucket,
} from './abilities.ts';

/** One for each service, and one for the command line of an operator. */
export const LOG_USERS = ['keeper', 'ingest', 'projector', 'embedder', 'query', 'cli'] as const;
export type LogUser = (typeof LOG_USERS)[number];

const ANY_OWNER = { workspaceId: '*', userId: '*' };
const events = (...entities: Entity[]) => publishes(...entities.map((entity) => eventSubject(ANY_OWNER, entity)));
const streamOf = (bucket: string) => `KV_${bucket}`;
const bucketSubjects = (bucket: string) => `$KV.${bucket}.>`;
const consumers = Object.values(CONSUMER);
const election = hears(`$JS.EVENT.ADVISORY.STREAM.LEADER_ELECTED.${STREAM.events}`);

/** The API keys and their owners, kept up to date in memory. */
const checksKeys: readonly Ability[] = [
  reads(streamOf(KEY_BUCKET)),
  watches(streamOf(KEY_BUCKET), bucketSubjects(KEY_BUCKET)),
  reads(STREAM.events),
  watches(STREAM.events, PEOPLE_SUBJECTS),
];
/** The logins of people, kept up to date in memory, and the cookies and links that it hands out. */
const logsPeopleIn: readonly Ability[] = [
  reads(streamOf(LOGIN_BUCKET)),
  watches(streamOf(LOGIN_BUCKET), bucketSubjects(LOGIN_BUCKET)),
  writesBucket(LOGIN_BUCKET),
];
/** Notices missing streams and consumers; see `topology.ts`. */
const noticesMissing: readonly Ability[] = [
  CONNECTS,
  LISTS_STREAMS,
  ...STREAMS.map(seesStream),
  ...consumers.map(sees),
];
/** Follows which generation of each store is live, and says which ones it uses. */
const followsGenerations: readonly Ability[] = [
  reads(streamOf(GENERATION_BUCKET)),
  watches(streamOf(GENERATION_BUCKET), `$KV.${GENERATION_BUCKET}.live.*`),
  answers([GENERATION_USE_SUBJECT]),
];
const readsPayloads: readonly Ability[] = [
  reads(STREAM.payloads),
  readsDirectly(STREAM.payloads, PAYLOAD_SUBJECTS),
  reads(FORMER_PAYLOADS.stream),
  readsDirectly(FORMER_PAYLOADS.stream, `$O.${FORMER_PAYLOADS.bucket}.>`),
];
const readsEvents: readonly Ability[] = [reads(STREAM.events), readsDirectly(STREAM.events, EVENT_SUBJECTS)];
const rebuildsStores: readonly Ability[] = [
  writesBucket(GENERATION_BUCKET),
  publishes(GENERATION_USE_SUBJECT, EMBED_SUBJECT),
  replays(STREAM.events, EVENT_SUBJECTS),
  ...consumers.map(pauses),
  tails(STREAM.changes),
  describes(CONSUMER.vectors),
];

/**
 * What each user may do, derived from the names of the topology. Nobody may delete a stream. Only the keeper may create
 * and change streams, because a stream can be told to copy into another one: that right is enough to forge an API key.
 */
const ABILITIES: Readonly<Record<LogUser, readonly Ability[]>> = {
  keeper: [
    ...noticesMissing,
    ...STREAMS.map(keeps),
    { publish: [`$JS.API.STREAM.UPDATE.${FORMER_PAYLOADS.stream}`] },
    seesStream(FORMER_PAYLOADS.stream),
    // An empty log continues above the last sequence that the stores have seen; see `raise-events.ts`.
    purges(STREAM.events),
    answers([RAISE_SUBJECT]),
    ...checksKeys,
    writesBucket(KEY_BUCKET),
  ],
  ingest: [
    ...noticesMissing,
    ...checksKeys,
    ...followsGenerations,
    ...readsPayloads,
    election,
    events('session', 'message', 'part'),
    publishes(PAYLOAD_SUBJECTS, ACCESS_SUBJECTS),
    answers([LOG_PROBLEM_SUBJECT]),
  ],
  projector: [
    ...noticesMissing,
    ...followsGenerations,
    ...readsEvents,
    ...readsPayloads,
    ...consumers.map(consumes),
    writesBucket(GENERATION_BUCKET),
    publishes(GENERATION_USE_SUBJECT, EMBED_SUBJECT),
    replays(STREAM.events, EVENT_SUBJECTS),
    // The embedding model, for projectors of earlier versions.
    describes(CONSUMER.vectors),
    publishes(APPLIED_SUBJECTS, CHANGE_SUBJECTS, DLQ_SUBJECTS, RAISE_SUBJECT, ...PROJECTIONS.map(replaySubject)),
    answers([CONSUMER_HEALTH_SUBJECT, ...PROJECTIONS.map(replaySubject)]),
    // A dead letter may be too large for one message; marks of payloads that are to be removed.
    publishes(PAYLOAD_SUBJECTS),
    deletesMessages(STREAM.payloads),
    purges(STREAM.payloads),
    reads(STREAM.deadLetters),
    deletesMessages(STREAM.deadLetters),
    purges(STREAM.deadLetters),
    reads(streamOf(SUSPECT_BUCKET)),
    writesBucket(SUSPECT_BUCKET),
    reads(streamOf(REMOVAL_BUCKET)),
    writesBucket(REMOVAL_BUCKET),
    deletesMessages(streamOf(REMOVAL_BUCKET)),
  ],
  // A sign of life every two seconds while it works.
  embedder: [answers([EMBED_SUBJECT], 200)],
  query: [
    ...noticesMissing,
    ...checksKeys,
    ...logsPeopleIn,
    ...followsGenerations,
    ...readsEvents,
    ...readsPayloads,
    election,
    // Deletions, and what people say about sessions.
    events('session', 'curation'),
    // Snapshots of public sessions.
    publishes(PAYLOAD_SUBJECTS),
    publishes(EMBED_SUBJECT, ACCESS_SUBJECTS),
    reads(STREAM.access),
    readsDirectly(STREAM.access, ACCESS_SUBJECTS),
    answers([STORE_REPORT_SUBJECT]),
    // Live views.
    hears(APPLIED_SUBJECTS),
    reads(STREAM.deadLetters),
    reads(streamOf(REMOVAL_BUCKET)),
  ],
  cli: [
    ...noticesMissing,
    ...checksKeys,
    ...logsPeopleIn,
    ...followsGenerations,
    ...readsEvents,
    ...readsPayloads,
    ...rebuildsStores,
    election,
    publishes(EVENT_SUBJECTS, PAYLOAD_SUBJECTS, DLQ_SUBJECTS),
    publishes(CONSUMER_HEALTH_SUBJECT, LOG_PROBLEM_SUBJECT, STORE_REPORT_SUBJECT, ...PROJECTIONS.map(replaySubject)),
    reads(STREAM.changes),
    reads(STREAM.deadLetters),
    deletesMessages(STREAM.deadLetters),
    ...BUCKETS.flatMap(({ bucket, stream }) => [reads(stream), writesBucket(bucket)]),
    deletesMessages(streamOf(REMOVAL_BUCKET)),
  ],
};

export interface UserPermissions {
  readonly publish: readonly string[];
  readonly deny: readonly string[];
  readonly subscribe: readonly string[];
  /** How often it may answer each request; 0: it receives none. */
  readonly answers: number;
}

/** Answers reach each user under a prefix of its own, so that no other user can read them. */
export function inboxPrefixOf(user: LogUser): string {
  return `_INBOX_${user}`;
}

export function permissionsOf(user: LogUser): UserPermissions {
  const abilities = ABILITIES[user];
  const all = (list: 'publish' | 'deny' | 'subscribe') =>
    [...new Set(abilities.flatMap((ability) => ability[list] ?? []))].sort();
  const exactly = new Set(abilities.flatMap(exactSubjects));
  return {
    publish: all('publish'),
    deny: all('deny').filter((subject) => !exactly.has(subject)),
    subscribe: [`${inboxPrefixOf(user)}.>`, ...all('subscribe')],
    answers: Math.max(0, ...abilities.map((ability) => ability.answers ?? 0)),
  };
}

/** What one ability allows by name is not taken away by another one, which allows all names but some. */
function exactSubjects({ publish = [], deny = [] }: Ability): string[] {
  return deny.length > 0 ? [] : publish.filter((subject) => !subject.includes('*'));
}

function seesStream(stream: string): Ability {
  return { publish: [`$JS.API.STREAM.INFO.${stream}`] };
}
