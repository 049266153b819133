/** The model cannot be installed here. The message is for people and says why. */
export class ModelInstallError extends Error {
  override readonly name = 'ModelInstallError';
}
