/** The scheduled jobs. Each runs in one of the processes that have what it needs. */
export const JOBS = {
  'access-log': {
    schedule: '20 3 * * *',
    about:
      'Gives the log of API requests its configured limits again, in case the server lacked the space for them before',
  },
  docs: { schedule: '40 3 * * *', about: 'Reads the documentation again, in each process that answers with it' },
  erasures: {
    schedule: '* * * * *',
    about: 'Looks whether what erased people had is gone from every store, and continues their erasures',
  },
  prices: {
    schedule: '*/10 * * * *',
    about: 'Reads OPENSYNC_PRICES_FILE again, in each projector; new prices rate all sessions again',
  },
  wrapped: {
    schedule: '*/15 * * * *',
    about:
      'Makes the summaries of days that have ended, in the time zone of each owner, and sends those that are subscribed to',
  },
  trash: { schedule: '* * * * *', about: 'Erases sessions that have been in the trash for a day' },
} as const satisfies Readonly<Record<string, { readonly schedule: string; readonly about: string }>>;
export type JobName = keyof typeof JOBS;
export const JOB_NAMES = Object.keys(JOBS) as [JobName, ...JobName[]];
