import type { TextRole } from '@opensync/platform';
import type { LocalResult } from './protocol.ts';

/** A model on this machine that computes one request after the other. */
export interface Engine {
  /**
   * Called again only after the previous call has settled. @throws AppError UNAVAILABLE if it failed on these texts;
   * EngineStopped if it cannot answer what waits either
   */
  embed(texts: readonly string[], role: TextRole | undefined): Promise<readonly LocalResult[]>;
  close(): Promise<void>;
}

/** The thread or process of the model ended or hangs: callers decide how soon to try another one. */
export class EngineStopped extends Error {}
