/** A supervisor gives a process ten seconds; what is acknowledged is durable, so cutting off the rest loses nothing. */
const DEADLINE_MS = 9000;
/** Ctrl-C reaches a process through the terminal and again through the npm that started it: one wish, not two. */
const SAME_WISH_MS = 1000;

export interface ShutdownSignals {
  /** Resolves with what asked for the end: a signal's name, or `launcher` when the process that started us is gone. */
  readonly requested: Promise<string>;
}

/**
 * Listens for the wish to stop: SIGINT, SIGTERM, SIGHUP, or the loss of the launcher's channel. From the first one
 * on there is a deadline, and a second one ends the process at once.
 */
export function listenForShutdown(process: NodeJS.Process): ShutdownSignals {
  let firstAt: number | undefined;
  const requested = new Promise<string>((resolve) => {
    const onWish = (wish: string) => {
      if (firstAt === undefined) {
        firstAt = Date.now();
        setTimeout(() => process.exit(0), DEADLINE_MS).unref();
        resolve(wish);
      } else if (Date.now() - firstAt > SAME_WISH_MS) {
        process.exit(130);
      }
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onWish);
    process.once('disconnect', () => onWish('launcher'));
    process.channel?.unref();
  });
  return { requested };
}
