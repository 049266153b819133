import { destination, pino, stdSerializers, type DestinationStream, type Logger } from 'pino';
import { ConfigError } from './config.ts';
import { AppError } from './errors.ts';

export type { Logger } from 'pino';

const LEVELS_WITH_STACKS: readonly string[] = ['debug', 'trace'];

/**
 * JSON lines on stderr, so that stdout stays for people. Keys and authorization headers are never written, and stacks
 * only for unexpected errors: an unreachable database is not a bug, and its message with those of its causes is
 * enough. Levels debug and trace have every stack.
 */
export function createLogger(
  level: string,
  service: string,
  sink: DestinationStream = destination({ fd: 2, sync: false }),
): Logger {
  return pino(
    {
      level,
      base: { service },
      redact: ['authorization', '*.authorization', 'key', '*.key', 'token', '*.token'],
      serializers: { err: LEVELS_WITH_STACKS.includes(level) ? stdSerializers.err : withoutForeseenStack },
    },
    sink,
  );
}

function withoutForeseenStack(error: Error): object {
  const serialized = stdSerializers.err(error);
  if (!(error instanceof AppError || error instanceof ConfigError)) return serialized;
  return Object.fromEntries(Object.entries(serialized).filter(([name]) => name !== 'stack'));
}
