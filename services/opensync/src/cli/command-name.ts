/** What to type for this program: npm, which runs it as `npx opensync` or `npm start`, finds it where no shell does. */
export function commandName(env: NodeJS.ProcessEnv): string {
  return env.npm_command === undefined ? 'opensync' : 'npx opensync';
}

/** As this process was called: for hints that can be pasted. */
export const COMMAND = commandName(process.env);
