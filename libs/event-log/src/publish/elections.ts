import type { LogConnection } from '../connection.ts';

/**
 * Calls the listener each time a stream of a cluster gets another leader. Unanswered messages to the former leader
 * will never be answered. Returns a function that unsubscribes.
 */
export function onElection(nc: LogConnection, stream: string, listener: () => void): () => void {
  const subscription = nc.subscribe(`$JS.EVENT.ADVISORY.STREAM.LEADER_ELECTED.${stream}`, {
    callback: (error) => {
      if (!error) listener();
    },
  });
  return () => subscription.unsubscribe();
}
