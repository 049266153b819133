import type { JobReport } from '@opensync/event-log/jobs';
import { checkDisk, checkNode, checkReadiness, checkReport, formatCheck } from './doctor.ts';
import { formatStatus, type StatusReport } from './status.ts';

const report: StatusReport = {
  state: 'running',
  url: 'http://127.0.0.1:3211',
  dataDir: '/data',
  log: {
    server: 'nats-server 2.15.2',
    location: '127.0.0.1:4222',
    embedded: true,
    events: 12345,
    bytes: 2048,
    lastSequence: 12400,
    deadLetters: 0,
    missing: [],
    problems: [],
  },
  consumers: [{ name: 'documents', pending: 7, inFlight: 2, redelivered: 0, lagMs: 4_000, delivered: 12_345 }],
  stores: [
    { kind: 'documents', engine: 'SQLite', location: '/data/documents.db', counts: { sessions: 3, messages: 1400 } },
    { kind: 'search', problem: 'the search store does not answer: disk I/O error', fix: 'see the log of the process' },
  ],
};

describe('opensync status', () => {
  it('is a table for people', () => {
    expect(formatStatus(report)).toBe(
      [
        'OpenSync      running at http://127.0.0.1:3211',
        'Data          /data',
        'Log           nats-server 2.15.2 (embedded)',
        'Events        12,345 (2.0 KiB), last sequence 12400',
        'Dead letters  0',
        '',
        'CONSUMER   LAG  IN FLIGHT  REDELIVERED  STATE',
        'documents  7    2          0            ok',
        '',
        'STORE      ENGINE  CONTENTS                                            LOCATION',
        'documents  SQLite  3 sessions, 1,400 messages                          /data/documents.db',
        'search     –       ! the search store does not answer: disk I/O error',
        '',
        '→ search: see the log of the process',
      ].join('\n'),
    );
  });

  it('shows at a glance what is missing, what waits, and what an operator should fix', () => {
    const text = formatStatus({
      ...report,
      state: 'remote',
      log: { ...report.log, embedded: false, location: 'nats.example.com:4222', missing: ['EVENTS'] },
      consumers: [{ ...report.consumers[0]!, problem: 'waiting: the documents store does not answer' }],
      stores: [
        {
          kind: 'documents',
          engine: 'MongoDB 8',
          location: 'mongodb://db',
          counts: {},
          problems: ['index a is missing'],
        },
      ],
    });
    expect(text).toMatch(/^Log +nats-server 2\.15\.2 \(remote, nats\.example\.com:4222\)$/m);
    expect(text).toMatch(/^Missing +EVENTS$/m);
    expect(text).toMatch(/^documents +7 +2 +0 +! waiting: the documents store does not answer$/m);
    expect(text).toMatch(/^! documents: index a is missing$/m);
  });
});

describe('opensync doctor', () => {
  it('derives actions from numbers', () => {
    expect(checkReport(report).map(({ name, state }) => `${name}: ${state}`)).toEqual([
      'writes: ok',
      'consumers: ok',
      'dead letters: ok',
      'documents store: ok',
      'search store: fail',
    ]);
    const troubled = checkReport({
      ...report,
      log: { ...report.log, deadLetters: 2 },
      consumers: [{ name: 'vectors', pending: 50_000, inFlight: 0, redelivered: 9, lagMs: 60_000, delivered: 90_000 }],
      stores: [],
    });
    expect(troubled.map(({ state }) => state)).toEqual(['ok', 'warn', 'warn']);
    expect(troubled.slice(1).every(({ fix }) => fix !== undefined)).toBe(true);
    const gone = { ...report.consumers[0]!, problem: 'missing; a running service recreates it' };
    expect(checkReport({ ...report, consumers: [gone] })[1]).toMatchObject({
      state: 'fail',
      detail: 'lag: documents 7; documents: missing; a running service recreates it',
    });
  });

  it('says how long a backlog takes, if that is known', () => {
    const waiting = { ...report.consumers[0]!, name: 'vectors', pending: 50_000 };
    const shown = formatStatus({ ...report, consumers: [waiting, { ...waiting, name: 'search', secondsLeft: 754 }] });
    expect(shown).toMatch(/^vectors .* ok *$/m);
    expect(shown).toMatch(/^search .* ok, about 13 min left$/m);
  });

  it('mentions removals, and warns about long ones', () => {
    const checkOf = (since: number) =>
      checkReport({ ...report, log: { ...report.log, removals: { owners: 2, since } } }).find(
        ({ name }) => name === 'deletions',
      );
    const detail = 'payloads of 2 users are waiting to be removed, since 2026-01-02T03:04:05.000Z';
    const since = Date.UTC(2026, 0, 2, 3, 4, 5);
    expect(checkOf(since)).toMatchObject({ state: 'warn', detail, fix: expect.stringContaining('projector') });
    expect(checkOf(Date.now())).toMatchObject({ state: 'ok' });
    expect(formatStatus({ ...report, log: { ...report.log, removals: { owners: 2, since } } })).toContain(
      `\nDeletions     ${detail}\n`,
    );
  });

  it('mentions jobs, and warns about those that are late or fail again and again', () => {
    const job: JobReport = {
      ...{ name: 'trash', about: '', schedule: '* * * * *', timeZone: 'UTC', state: 'waiting' },
      ...{ nextAt: 0, lateSeconds: 30, failures: 1, succeededAt: null, last: null },
    };
    const of = (change: Partial<JobReport>) => {
      const jobs = [{ ...job, ...change }];
      return [formatStatus({ ...report, jobs }), checkReport({ ...report, jobs }).find(({ name }) => name === 'jobs')];
    };
    expect(of({})).toEqual([
      expect.stringContaining('Jobs          1, all in time'),
      expect.objectContaining({ state: 'ok' }),
    ]);
    for (const change of [{ lateSeconds: 10_000 }, { state: 'failing', failures: 2 } as const]) {
      const [text, check] = of(change);
      expect(text).toContain('Jobs          ! trash: ');
      expect(check).toMatchObject({ state: 'warn', fix: expect.stringContaining('jobs list') });
    }
  });

  it('does not treat unreadable removals as none', () => {
    const unknown = { ...report, log: { ...report.log, removals: { problem: 'the log does not answer' } } };
    const detail = 'unknown: the log does not answer';
    expect(checkReport(unknown)).toContainEqual(expect.objectContaining({ name: 'deletions', state: 'warn', detail }));
    expect(formatStatus(unknown)).toContain(`\nDeletions     ${detail}\n`);
  });

  it('passes on the problems of a working store', () => {
    const documents = { kind: 'documents', engine: 'MongoDB 8.0', location: 'mongodb://db', counts: {} } as const;
    const problems = ['index a is missing', 'index b differs'];
    const check = checkReport({ ...report, stores: [{ ...documents, problems }] }).at(-1);
    expect(check).toMatchObject({ state: 'warn', detail: 'index a is missing; index b differs' });
    expect(check!.fix).toContain('next start');
  });

  it('writes one line per check, with the fix below it', () => {
    expect(formatCheck({ name: 'node', state: 'ok', detail: '24.1.0' })).toBe('✓ node            24.1.0');
    expect(formatCheck(checkNode('20.1.0'))).toMatch(/^✗ node {12}20\.1\.0 is too old\n {17} → run npm run setup/);
  });

  it.each([
    [
      { bytes: 700, maxBytes: 1000 },
      { state: 'ok', detail: 'the event log holds 700 B of at most 1000 B' },
    ],
    [
      { bytes: 900, maxBytes: 1000 },
      { state: 'warn', fix: expect.stringContaining('OPENSYNC_EVENTS_MAX_BYTES') },
    ],
    [
      { problems: ['The event log has reached its limit (OPENSYNC_EVENTS_MAX_BYTES); none was stored.'] },
      { state: 'fail', fix: 'raise or remove OPENSYNC_EVENTS_MAX_BYTES, and restart' },
    ],
    [
      { problems: ['The disk of the event log is full.'] },
      { state: 'fail', fix: expect.stringMatching(/^free space/) },
    ],
    [{ problems: ['The event log is not available.'] }, { state: 'fail', fix: expect.stringMatching(/^see the log/) }],
  ])('says why the log rejects writes, and what to do: %j', (log, expected) => {
    expect(checkReport({ ...report, log: { ...report.log, ...log } })[0]).toMatchObject({
      name: 'writes',
      ...expected,
    });
  });

  it('fails on a full disk and on a log that rejects writes, and says what to do', () => {
    const gibibyte = 1024 ** 3;
    const states = [2 * gibibyte, gibibyte / 2, 0].map((free) => checkDisk('/data', free).state);
    expect(states).toEqual(['ok', 'warn', 'fail']);
    const url = 'http://localhost:1';
    expect(checkReadiness(url, 200, '{"status":"ok","parts":{"log":"up"}}')).toEqual({
      name: 'HTTP',
      state: 'ok',
      detail: `${url} answers 200`,
    });
    const details = '"details":{"payloads":"no answer in time","search":"filled again"}';
    const parts = '"parts":{"log":"up","payloads":"degraded","search":"up","vectors":"degraded"}';
    expect(checkReadiness(url, 200, `{"status":"degraded",${parts},${details}}`)).toMatchObject({
      state: 'warn',
      detail: `${url} is degraded; payloads is degraded (no answer in time); search answers (filled again); vectors is degraded`,
    });
    expect(checkReadiness(url, 200, '<html>')).toMatchObject({ state: 'fail' });
    expect(checkReadiness(url, 503, '{"status":"down","parts":{"log":"down"}}')).toMatchObject({
      state: 'fail',
      fix: expect.stringContaining('`writes`'),
    });
    expect(checkReadiness(url, 503, '{"status":"down","parts":{"documents":"down"}}').fix).toMatch(/^a part of it/);
    expect(checkReadiness(url, 503, '{"status":"stopping","parts":{}}').detail).toBe(`${url} is stopping`);
  });
});
