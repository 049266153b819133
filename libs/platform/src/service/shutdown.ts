/** A supervisor gives a process ten seconds; acknowledged events are durable, so cutting off the rest loses nothing. */
const DEADLINE_MS = 9000;
/** Ctrl-C reaches a process through the terminal and again through the npm that started it: one request, not two. */
const SAME_REQUEST_MS = 1000;
/** Exit code of a process that was asked to stop twice. */
const INTERRUPTED = 130;

/** Exit code of a stop that cut something off: a request, an answer, or a connection that did not close in time. */
export const EXIT_CUT_OFF = 3;

export interface ShutdownSignals {
  /** Resolves with the cause of the stop: a signal's name, or `launcher` if the process that started us is gone. */
  readonly requested: Promise<string>;
  /** Extends the usual 9 seconds of the stop. */
  allowMore(ms: number): void;
}

/**
 * Listens for stop requests: SIGINT, SIGTERM, SIGHUP, or the loss of the launcher's channel. The first one sets a
 * deadline, at which the process exits with {@link EXIT_CUT_OFF}; a second one ends the process at once.
 */
export function listenForShutdown(process: NodeJS.Process): ShutdownSignals {
  let firstAt: number | undefined;
  let extraMs = 0;
  const requested = new Promise<string>((resolve) => {
    const onRequest = (reason: string) => {
      if (firstAt === undefined) {
        firstAt = Date.now();
        setTimeout(() => process.exit(EXIT_CUT_OFF), DEADLINE_MS + extraMs).unref();
        resolve(reason);
      } else if (Date.now() - firstAt > SAME_REQUEST_MS) {
        process.exit(INTERRUPTED);
      }
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onRequest);
    process.once('disconnect', () => onRequest('launcher'));
    process.channel?.unref();
  });
  return { requested, allowMore: (ms) => (extraMs += ms) };
}
