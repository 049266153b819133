import { named, amount, count, time } from '@opensync/platform/api-document';
import { DEAD_LETTER_KINDS } from '@opensync/event-log/dead-letters';
import { PROJECTIONS, ROLES } from '@opensync/contracts';
import { z } from 'zod';

const text = z.string();
const perhaps = <Schema extends z.ZodType>(schema: Schema) => schema.nullable();
const sequence = count.describe('The position of an event in the log');
const secondsLeft = count.describe(
  'How long what waits takes, at the pace of the last minutes; absent if there is none, or if that is not known',
);
const owner = named('Owner', z.strictObject({ workspaceId: text, userId: text }));

const projection = named(
  'Projection',
  z.strictObject({
    name: z.enum(PROJECTIONS),
    asOf: time.describe('Everything that was written before this time is in it'),
    lagMs: amount,
    state: z
      .enum(['current', 'behind', 'partial', 'stopped'])
      .describe('`partial`: older documents are being added; `stopped`: it waits for a store, or has failed'),
    isRebuilding: z.boolean().describe('Whether its next generation is being filled'),
    secondsLeft: secondsLeft.optional(),
  }),
);

export const projectionsAnswer = named('Projections', z.strictObject({ at: time, projections: z.array(projection) }));

const consumer = named(
  'ConsumerStatus',
  z.strictObject({
    name: text,
    pending: count.describe('Messages of its stream that were not delivered yet'),
    inFlight: count.describe('Delivered, and not acknowledged yet'),
    redelivered: count,
    lagMs: amount.describe('How old the first message is that it has not processed'),
    delivered: count.describe('Deliveries since it was created, repeated ones included'),
    secondsLeft: secondsLeft.optional(),
    problem: text.optional(),
  }),
);

const storeReport = named(
  'StoreReport',
  z.union([
    z.strictObject({
      kind: z.enum(PROJECTIONS),
      engine: text,
      location: text.describe('Without credentials'),
      counts: z.record(z.string(), z.number()),
      problems: z.array(text).optional(),
      position: z.unknown().optional(),
      reach: z.number().optional(),
    }),
    z.strictObject({ kind: z.enum(PROJECTIONS), problem: text, isUnusable: z.boolean().optional() }),
  ]),
);

export const operatorStatus = named(
  'OperatorStatus',
  z.strictObject({
    at: time,
    log: z.strictObject({
      server: text,
      location: text,
      events: count,
      bytes: count,
      maxBytes: count.optional(),
      lastSequence: count,
      lost: count.optional().describe('The minimum number of lost events'),
      deadLetters: count,
      removals: z
        .union([z.strictObject({ owners: count, since: time }), z.strictObject({ problem: text })])
        .optional()
        .describe('Owners whose deleted sessions have payloads that wait for removal'),
      missing: z.array(text).describe('Streams that are not there'),
      problems: z.array(text).describe('Why writes are refused'),
    }),
    consumers: z.array(consumer),
    stores: z.array(storeReport),
    projections: z.array(projection),
  }),
);

const processFacts = { id: text.describe('Of this run of the process'), service: text, host: text };

export const processesAnswer = named(
  'Processes',
  z.strictObject({
    at: time,
    processes: z.array(
      z.strictObject({
        ...processFacts,
        version: text,
        node: text,
        startedAt: time,
        at: time.describe('When it reported'),
        memory: z.strictObject({ rss: count, heapUsed: count }),
        totals: z
          .array(
            z.strictObject({
              name: text,
              labels: z.record(z.string(), z.union([text, z.number()])),
              value: z.number(),
            }),
          )
          .describe('What it has counted since it started, under the names of `/metrics`'),
      }),
    ),
  }),
);

export const settingsAnswer = named(
  'ServerSettings',
  z.strictObject({
    processes: z.array(
      z.strictObject({
        ...processFacts,
        settings: z.array(
          z.strictObject({
            name: text,
            value: perhaps(text).describe('Null: not set. A secret is hidden; of a URL its server is shown'),
            isSecret: z.boolean(),
            origin: z.enum(['environment', 'file', 'command line', 'default']),
          }),
        ),
      }),
    ),
    documentation: z.record(z.string(), text).describe('Of each setting, as Markdown'),
  }),
);

export const generationsAnswer = named(
  'Generations',
  z.strictObject({
    at: time,
    stores: z.array(
      z.strictObject({
        store: z.enum(PROJECTIONS),
        live: count.describe('The generation that is read and written'),
        kept: z.array(count).describe('Others that are not removed yet'),
        model: perhaps(text).describe('Of vectors: the embedding model, `name/dimensions`'),
        isFilling: z.boolean().describe('Whether documents that the live one lacks are being added'),
        worker: perhaps(text).describe('Where a process works on it, `host:process`; null: none'),
        next: perhaps(
          z.strictObject({
            generation: count,
            done: perhaps(z.number()).describe('Of the log, from 0 to 1; null: not known'),
            sessions: perhaps(count).describe('Of an index: sessions that are in it'),
          }),
        ).describe('Being filled, or interrupted'),
      }),
    ),
  }),
);

const rehearsal = named(
  'Rehearsal',
  z.strictObject({
    ...{ at: time, place: text, to: sequence },
    sessions: count.describe('That were compared with the live ones'),
    digest: perhaps(text).describe('Over the restored documents'),
    problem: perhaps(text).describe('Why it proves nothing; null: it proves the backup'),
  }),
);

export const backupsAnswer = named(
  'Backups',
  z.strictObject({
    at: time,
    lastSequence: sequence,
    backups: z
      .array(
        z.strictObject({
          at: time,
          place: text.describe('The folder, without credentials'),
          to: sequence,
          file: perhaps(text),
          bytes: perhaps(count),
          events: perhaps(count),
          sha256: perhaps(text),
          lost: perhaps(count).describe('Payloads that the log had lost'),
        }),
      )
      .describe('Newest first; the last 30 that ended well'),
    rehearsals: z.array(rehearsal).describe('Newest first; the last 30'),
    proof: perhaps(rehearsal).describe('The last one that found the backup in order'),
  }),
);

export const ownersAnswer = named(
  'Owners',
  z.strictObject({
    owners: z.array(
      z.strictObject({ ...owner.shape, workspace: perhaps(text), email: perhaps(text), role: z.enum(ROLES) }),
    ),
    omitted: count,
  }),
);

export const documentPage = named(
  'DocumentPage',
  z.strictObject({
    documents: z.array(
      z.strictObject({
        id: text,
        kind: z.enum(['session', 'message']),
        externalId: perhaps(text),
        title: perhaps(text),
        createdAt: time,
        messageCount: perhaps(count),
      }),
    ),
    cursor: perhaps(text),
  }),
);

const row = z
  .union([z.strictObject({ row: perhaps(z.record(z.string(), z.unknown())) }), z.strictObject({ problem: text })])
  .describe('What the index has of it; null: nothing');

export const storedEvent = named(
  'StoredEvent',
  z.strictObject({
    sequence,
    subject: text,
    owner: perhaps(owner),
    type: perhaps(text),
    id: perhaps(text),
    documentId: perhaps(text),
    source: perhaps(text),
    time: perhaps(text),
    traceparent: perhaps(text).describe('Of the request that wrote it'),
    bytes: count,
    body: text,
    isCut: z.boolean().describe('Whether the body is longer'),
  }),
);

export const storedDocument = named(
  'StoredDocument',
  z.strictObject({
    id: text,
    kind: z.enum(['session', 'message']),
    owner,
    document: perhaps(
      z.strictObject({
        externalId: text,
        sessionId: text,
        revision: count,
        isGone: z.boolean().describe('Deleted, or in the trash'),
        firstSequence: sequence,
        lastSequence: sequence,
        unknown: perhaps(text).describe('Fields of a newer version'),
        registers: z.array(
          z.strictObject({
            field: text,
            value: text.describe('As JSON; its beginning if it is long'),
            sequence: perhaps(sequence).describe('The event that set it'),
            rank: perhaps(count).describe('If an event gave it another rank than its value has'),
          }),
        ),
      }),
    ),
    search: row,
    vectors: row,
    events: z.array(z.union([storedEvent, z.strictObject({ sequence, isMissing: z.literal(true) })])),
    sequencesOmitted: count.describe('Earlier events that are not listed'),
  }),
);

const letter = z.strictObject({
  id: count,
  consumer: text,
  kind: z.enum(DEAD_LETTER_KINDS),
  reason: text,
  documentId: perhaps(text),
  originalSequence: count,
  originalSubject: text,
  attempts: count,
  time,
  bytes: count,
});

export const letterPage = named(
  'DeadLetterPage',
  z.strictObject({ deadLetters: z.array(letter), cursor: perhaps(text) }),
);

export const wholeLetter = named(
  'DeadLetter',
  letter.extend({
    headers: z.record(z.string(), text),
    body: text.optional(),
    base64: text.optional().describe('A body that is no text'),
    lost: text.optional().describe('Why the body cannot be read any more'),
    isCut: z.boolean(),
  }),
);

export const replayedLetters = named(
  'ReplayedLetters',
  z.strictObject({
    results: z.array(
      z.strictObject({
        id: count,
        kind: z
          .enum(['processed', 'failed', 'unavailable', 'missing', 'later'])
          .describe('`failed`: it is back under another id; `later`: not tried, ask again'),
        reason: text.optional(),
        sequence: count.optional(),
        attempts: count.optional(),
      }),
    ),
  }),
);

export const droppedLetters = named(
  'DroppedLetters',
  z.strictObject({ dropped: z.array(count), missing: z.array(count) }),
);
