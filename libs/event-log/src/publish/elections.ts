import type { LogConnection } from '../connection.ts';

/**
 * Calls the listener each time that a stream of a cluster gets another leader. What was sent to the former one and is not
 * answered yet never will be. Returns the unsubscriber.
 */
export function onElection(nc: LogConnection, stream: string, listener: () => void): () => void {
  const subscription = nc.subscribe(`$JS.EVENT.ADVISORY.STREAM.LEADER_ELECTED.${stream}`, {
    callback: (error) => {
      if (!error) listener();
    },
  });
  return () => subscription.unsubscribe();
}
