import { ConfigError, loadSettings } from '../config.ts';

/** The message that these settings are rejected with. @throws Error if they are accepted */
export function problemOf(env: NodeJS.ProcessEnv): string {
  try {
    loadSettings(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('the settings were accepted');
}
