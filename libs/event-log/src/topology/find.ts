/**
 * The result of `info`; undefined if the server answers that it does not exist. @param isMissing whether an error
 * says so
 */
export async function find<T>(info: () => Promise<T>, isMissing: (error: unknown) => boolean): Promise<T | undefined> {
  try {
    return await info();
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
