import { readFileSync } from 'node:fs';
import { McpServer, type CallToolResult } from '@modelcontextprotocol/server';
import { AppError, isRetryable } from '@opensync/platform';
import type { z } from 'zod';
import {
  contextInput,
  contextOutput,
  listInput,
  listOutput,
  NOTICE,
  readInput,
  readOutput,
  searchInput,
  searchOutput,
  usageInput,
  usageOutput,
} from './schemas.ts';
import { contextTool, listTool, readTool, searchTool, usageTool, type ToolContext } from './tools.ts';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const INSTRUCTIONS = [
  'OpenSync has the AI coding sessions of a team. To reuse what was learned before, call get_context with the question or the',
  'error and, as excludeSession, the id of your own session. To look something up, call search_sessions, then read_session around',
  `a position. ${NOTICE}`,
].join(' ');

/** No tool changes anything, and none reaches anything but this server's sessions. */
const READ_ONLY = { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false };

/** An MCP server that answers one request, or one connection, of a caller. */
export function mcpServer(context: ToolContext): McpServer {
  const server = new McpServer({ name: 'opensync', version }, { instructions: INSTRUCTIONS });
  const tool = <Input extends z.ZodObject, Output extends z.ZodObject>(
    name: string,
    texts: { title: string; description: string },
    schemas: { inputSchema: Input; outputSchema: Output },
    run: (context: ToolContext, input: z.infer<Input>) => Promise<z.infer<Output>>,
    textOf: (output: z.infer<Output>) => string = (output) => JSON.stringify(output),
  ) =>
    server.registerTool(name, { ...texts, ...schemas, annotations: READ_ONLY }, (async (input: z.infer<Input>) =>
      answerOf(context, async () => {
        const output = await run(context, input);
        return { content: [{ type: 'text', text: textOf(output) }], structuredContent: output };
      })) as never);

  tool(
    'get_context',
    {
      title: 'Get context for a task',
      description:
        'Returns the passages of earlier sessions that help most with a question, an error or a task, in a number of tokens, with citations.',
    },
    { inputSchema: contextInput, outputSchema: contextOutput },
    contextTool,
    ({ text }) => text,
  );
  tool(
    'get_usage',
    {
      title: 'Get usage',
      description: 'Returns totals over all sessions that you may see: sessions, messages, tokens and cost.',
    },
    { inputSchema: usageInput, outputSchema: usageOutput },
    usageTool,
  );
  tool(
    'list_sessions',
    { title: 'List sessions', description: 'Lists coding sessions, newest first, with filters and pages.' },
    { inputSchema: listInput, outputSchema: listOutput },
    listTool,
  );
  tool(
    'read_session',
    {
      title: 'Read a session',
      description:
        'Returns messages of a session in order, from the beginning, after a cursor, or around a position that search_sessions returned.',
    },
    { inputSchema: readInput, outputSchema: readOutput },
    readTool,
  );
  tool(
    'search_sessions',
    { title: 'Search sessions', description: 'Finds coding sessions or messages by words, by meaning, or both.' },
    { inputSchema: searchInput, outputSchema: searchOutput },
    searchTool,
  );
  return server;
}

/** Errors that a caller can do something about are answers of the tool, so that the model reads them. */
async function answerOf({ resources }: ToolContext, run: () => Promise<CallToolResult>): Promise<CallToolResult> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof AppError)) {
      resources.logger.error({ err: error }, 'a tool of MCP failed');
      return failure('INTERNAL: the tool failed; the log of the server has the reason');
    }
    const { code, message, details = [], retryAfter } = error;
    if (isRetryable(error)) return failure(`${code}: ${message}. Call the tool again in ${retryAfter ?? 1} s.`);
    const places = details.map(({ path, message: problem }) => `\n- ${path} ${problem}`).join('');
    return failure(`${code}: ${message}${places}`);
  }
}

function failure(text: string): CallToolResult {
  return { content: [{ type: 'text', text }], isError: true };
}
