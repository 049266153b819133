import {
  ACCESS_SUBJECTS,
  answerSubject,
  APPLIED_SUBJECTS,
  CHANGE_SUBJECTS,
  CONSUMER_HEALTH_SUBJECT,
  DLQ_SUBJECTS,
  EMBED_SUBJECT,
  type Entity,
  EVENT_SUBJECTS,
  eventSubject,
  GENERATION_USE_SUBJECT,
  KEY_SERVICE_SUBJECT,
  jobEverywhereSubject,
  JOBS_SUBJECT,
  LOG_PROBLEM_SUBJECT,
  PAYLOAD_SUBJECTS,
  PEOPLE_SUBJECTS,
  PICTURE_SUBJECTS,
  PROCESS_REPORT_SUBJECT,
  PROJECTIONS,
  RAISE_SUBJECT,
  RATES_SUBJECT,
  replaySubject,
  STORE_REPORT_SUBJECT,
} from '@opensync/contracts';
import {
  BACKUP_BUCKET,
  CONSUMER,
  ERASURE_BUCKET,
  FORMER_PAYLOADS,
  GENERATION_BUCKET,
  JOB_BUCKET,
  KEY_BUCKET,
  LOGIN_BUCKET,
  PREFERENCE_BUCKET,
  REMOVAL_BUCKET,
  STREAM,
  SUMMARY_BUCKET,
  SUSPECT_BUCKET,
  USE_BUCKET,
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
export const LOG_USERS = ['keeper', 'ingest', 'projector', 'embedder', 'query', 'wrapped', 'cli'] as const;
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
  // Which events are missing because people were erased.
  reads(streamOf(ERASURE_BUCKET)),
];
/** Follows which generation of each store is live, and says which ones it uses. */
const followsGenerations: readonly Ability[] = [
  reads(streamOf(GENERATION_BUCKET)),
  watches(streamOf(GENERATION_BUCKET), `$KV.${GENERATION_BUCKET}.live.*`),
  answers(GENERATION_USE_SUBJECT),
];
const readsPayloads: readonly Ability[] = [
  reads(STREAM.payloads),
  readsDirectly(STREAM.payloads, PAYLOAD_SUBJECTS),
  reads(FORMER_PAYLOADS.stream),
  readsDirectly(FORMER_PAYLOADS.stream, `$O.${FORMER_PAYLOADS.bucket}.>`),
];
/** What operators see and do, on the command line and in the console. */
const operates: readonly Ability[] = [
  publishes(CONSUMER_HEALTH_SUBJECT, LOG_PROBLEM_SUBJECT, PROCESS_REPORT_SUBJECT, ...PROJECTIONS.map(replaySubject)),
  // How old the first change is that no indexer has processed.
  reads(STREAM.changes),
  deletesMessages(STREAM.deadLetters),
  // When backups were made, and what rehearsals found.
  reads(streamOf(BACKUP_BUCKET)),
];
/** The records of jobs; the last names are those that each process does for itself. */
const runsJobs = (...everywhere: readonly string[]): readonly Ability[] => [
  reads(streamOf(JOB_BUCKET)),
  writesBucket(JOB_BUCKET),
  hears(JOBS_SUBJECT),
  publishes(...everywhere.map(jobEverywhereSubject)),
  answers(...everywhere.map(jobEverywhereSubject)),
];
/** What gateways have counted on each day. */
const readsUse: readonly Ability[] = [
  reads(streamOf(USE_BUCKET)),
  watches(streamOf(USE_BUCKET), bucketSubjects(USE_BUCKET)),
];
/** Counts requests together with other gateways, and goes on where a process has ended. */
const countsRequests: readonly Ability[] = [
  publishes(RATES_SUBJECT),
  hears(RATES_SUBJECT),
  ...readsUse,
  writesBucket(USE_BUCKET),
];
/** What users and workspaces have chosen, kept up to date in memory. */
const followsPreferences: readonly Ability[] = [
  reads(streamOf(PREFERENCE_BUCKET)),
  watches(streamOf(PREFERENCE_BUCKET), bucketSubjects(PREFERENCE_BUCKET)),
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
    answers(RAISE_SUBJECT, PROCESS_REPORT_SUBJECT),
    ...checksKeys,
    writesBucket(KEY_BUCKET),
    // Keys and members, for gateways, which may change neither; the logins of those who ask, and of those who leave.
    ...logsPeopleIn,
    events('user', 'apikey', 'erasure'),
    answers(KEY_SERVICE_SUBJECT),
    // What erasures of people remove, besides what the projector does.
    writesBucket(ERASURE_BUCKET),
    deletesMessages(STREAM.events),
    writesBucket(PREFERENCE_BUCKET),
    purges(streamOf(SUMMARY_BUCKET)),
    purges(STREAM.pictures),
    // When keys were used.
    hears(ACCESS_SUBJECTS),
    ...runsJobs(),
  ],
  ingest: [
    ...noticesMissing,
    ...checksKeys,
    ...countsRequests,
    ...followsGenerations,
    ...readsPayloads,
    election,
    events('session', 'message', 'part'),
    publishes(PAYLOAD_SUBJECTS, ACCESS_SUBJECTS),
    answers(LOG_PROBLEM_SUBJECT, PROCESS_REPORT_SUBJECT),
  ],
  projector: [
    ...noticesMissing,
    ...followsGenerations,
    ...readsEvents,
    ...readsPayloads,
    ...consumers.map(consumes),
    // How old the oldest change is that an index does not have yet.
    reads(STREAM.changes),
    reads(streamOf(BACKUP_BUCKET)),
    writesBucket(GENERATION_BUCKET),
    publishes(GENERATION_USE_SUBJECT, EMBED_SUBJECT),
    replays(STREAM.events, EVENT_SUBJECTS),
    // The embedding model, for projectors of earlier versions.
    describes(CONSUMER.vectors),
    publishes(APPLIED_SUBJECTS, CHANGE_SUBJECTS, DLQ_SUBJECTS, RAISE_SUBJECT, ...PROJECTIONS.map(replaySubject)),
    answers(CONSUMER_HEALTH_SUBJECT, PROCESS_REPORT_SUBJECT, ...PROJECTIONS.map(replaySubject)),
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
    ...runsJobs('prices'),
  ],
  embedder: [answers(EMBED_SUBJECT, PROCESS_REPORT_SUBJECT)],
  query: [
    ...noticesMissing,
    ...checksKeys,
    ...countsRequests,
    ...logsPeopleIn,
    ...followsGenerations,
    ...readsEvents,
    ...readsPayloads,
    election,
    // Deletions, and what people say about sessions.
    events('session', 'curation'),
    // Snapshots of public sessions.
    publishes(PAYLOAD_SUBJECTS),
    // Pictures of summaries.
    publishes(PICTURE_SUBJECTS),
    readsDirectly(STREAM.pictures, PICTURE_SUBJECTS),
    publishes(EMBED_SUBJECT, ACCESS_SUBJECTS, KEY_SERVICE_SUBJECT),
    reads(STREAM.access),
    readsDirectly(STREAM.access, ACCESS_SUBJECTS),
    answers(STORE_REPORT_SUBJECT, PROCESS_REPORT_SUBJECT),
    // Live views.
    hears(APPLIED_SUBJECTS),
    reads(STREAM.deadLetters),
    reads(streamOf(REMOVAL_BUCKET)),
    ...operates,
    ...followsPreferences,
    ...runsJobs('docs'),
    publishes(JOBS_SUBJECT),
  ],
  wrapped: [
    ...noticesMissing,
    ...checksKeys,
    ...followsGenerations,
    ...followsPreferences,
    reads(streamOf(SUMMARY_BUCKET)),
    writesBucket(SUMMARY_BUCKET),
    ...runsJobs(),
    answers(PROCESS_REPORT_SUBJECT),
  ],
  cli: [
    ...noticesMissing,
    ...checksKeys,
    ...readsUse,
    ...followsPreferences,
    ...logsPeopleIn,
    ...followsGenerations,
    ...readsEvents,
    ...readsPayloads,
    ...rebuildsStores,
    election,
    publishes(EVENT_SUBJECTS, PAYLOAD_SUBJECTS, DLQ_SUBJECTS),
    publishes(STORE_REPORT_SUBJECT),
    publishes(JOBS_SUBJECT),
    reads(STREAM.deadLetters),
    ...operates,
    ...BUCKETS.flatMap(({ bucket, stream }) => [reads(stream), writesBucket(bucket)]),
    deletesMessages(streamOf(REMOVAL_BUCKET)),
  ],
};

export interface UserPermissions {
  readonly publish: readonly string[];
  readonly deny: readonly string[];
  readonly subscribe: readonly string[];
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
    publish: [...all('publish'), ...answersOf(abilities)],
    deny: all('deny').filter((subject) => !exactly.has(subject)),
    subscribe: [`${inboxPrefixOf(user)}.>`, ...all('subscribe')],
  };
}

/**
 * Where the answers go: to those who may ask, and nowhere else. `allow_responses` of nats-server would allow every subject
 * that a request names, and a user that may also send the request could answer itself anywhere.
 */
function answersOf(abilities: readonly Ability[]): string[] {
  const requests = new Set(abilities.flatMap((ability) => ability.answers ?? []));
  const asks = (user: LogUser, request: string) => ABILITIES[user].some(({ publish }) => publish?.includes(request));
  const places = [...requests].flatMap((request) =>
    LOG_USERS.filter((user) => asks(user, request)).map((user) => answerSubject(inboxPrefixOf(user), request, '*')),
  );
  return places.sort();
}

/** A subject that one ability allows by name stays allowed, even if another ability denies it as an exception. */
function exactSubjects({ publish = [], deny = [] }: Ability): string[] {
  return deny.length > 0 ? [] : publish.filter((subject) => !subject.includes('*'));
}

function seesStream(stream: string): Ability {
  return { publish: [`$JS.API.STREAM.INFO.${stream}`] };
}
