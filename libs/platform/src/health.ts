/** `degraded`: works, with reduced functionality. */
export type PartState = 'up' | 'degraded' | 'down';

export interface Health {
  /** The state of each part that requests need. Must answer soon: an orchestrator waits for it. */
  readonly ready: () => Promise<Readonly<Record<string, PartState>>>;
  /** Why a part is not `up`, in one line without paths or addresses, if known; by the names of `ready`. */
  readonly details?: () => Readonly<Record<string, string | undefined>>;
  /** Whether the process still makes progress; false asks the orchestrator to restart it. */
  readonly live: () => Promise<boolean>;
}

/** Whether a probe succeeds within the time; a hanging probe counts as failed. Never rejects. */
export async function succeeds(probe: Promise<unknown>, withinMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), withinMs);
  });
  const done = probe.then(
    () => true,
    () => false,
  );
  const outcome = await Promise.race([done, late]);
  clearTimeout(timer);
  return outcome;
}
