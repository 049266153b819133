import type { Command } from 'commander';
import { COMMAND } from './command-name.ts';

const DEFAULT_URL = 'http://localhost:3211';

/** Adds the command through which agents that only start programs use MCP. */
export function addMcp(program: Command, env: NodeJS.ProcessEnv, onExitCode: (code: number) => void): void {
  program
    .command('mcp')
    .description('let an agent use OpenSync over MCP on stdin and stdout')
    .option('-u, --url <url>', `the server (OPENSYNC_URL, default ${DEFAULT_URL})`)
    .addHelpText(
      'after',
      `
The API key is read from OPENSYNC_API_KEY and needs the scope read. docs/mcp.md has the configuration of agents.

Example:
  $ claude mcp add opensync -e OPENSYNC_API_KEY=osk_… -- ${COMMAND} mcp`,
    )
    .action(async (given: { readonly url?: string }) => {
      const wanted = { url: given.url ?? (env.OPENSYNC_URL || DEFAULT_URL), key: env.OPENSYNC_API_KEY };
      onExitCode(await (await import('./mcp.ts')).mcp(wanted));
    });
}
