import { JetStreamApiError } from '@nats-io/jetstream';

/** What `info` finds; undefined where the server says that it is not there. @param notFound its `err_code` for that */
export async function find<T>(info: () => Promise<T>, notFound: number): Promise<T | undefined> {
  try {
    return await info();
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === notFound) return undefined;
    throw error;
  }
}
