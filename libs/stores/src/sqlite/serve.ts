import { parentPort, receiveMessageOnPort, type MessagePort } from 'node:worker_threads';
// Not the main door: a thread would load the settings and the logger of a service as well, which takes most of its start.
import { reasonOf } from '@opensync/platform/errors';
import { Connection, type Role } from './connection.ts';
import { isDamaged, isUnavailable, unavailability } from './errors.ts';
import { POSITION_OPERATIONS } from './position.ts';
import type {
  Answer,
  Call,
  DatabaseDefinition,
  Failure,
  Operation,
  Reply,
  Request,
  ThreadSettings,
} from './protocol.ts';

export type { Connection, Migration } from './connection.ts';
export type { DatabaseDefinition } from './protocol.ts';

/** Waiting writes that share one commit at most. */
const GROUP_SIZE = 64;

/**
 * Opens the database that the thread is asked for, serves the definition's operations until it is told to close it, and
 * then waits for the next one. Call it once, at the end of a worker module.
 */
export function serveDatabase(definition: DatabaseDefinition): void {
  if (!parentPort) throw new Error('serveDatabase runs in a worker thread');
  const port = parentPort;
  let served: Served | undefined;
  port.on('message', (first: Request) => {
    if ('open' in first) {
      try {
        served = open(definition, first.open);
        port.postMessage({ opened: true } satisfies Answer);
      } catch (error) {
        port.postMessage(failure(error) satisfies Answer);
      }
      return;
    }
    if (!served) throw new Error('this thread has no database open');
    const { connection, role, run } = served;
    const { calls, close } = takeWaiting(port, first, role === 'writer' ? GROUP_SIZE : 1);
    for (const reply of runTogether(connection, role, calls, run)) send(port, reply);
    if (close) {
      served = undefined;
      closeDown(connection, role);
      port.postMessage({ closed: true } satisfies Answer);
    }
  });
}

interface Served {
  readonly connection: Connection;
  readonly role: Role;
  run(call: Call): unknown;
}

/** Throws what node:sqlite throws. */
function open(definition: DatabaseDefinition, settings: ThreadSettings): Served {
  const { role } = settings;
  const connection = new Connection({ ...settings, extensions: definition.extensions ?? [] });
  if (role === 'writer') {
    try {
      connection.migrate(definition.migrations);
    } catch (error) {
      connection.close();
      throw error;
    }
  }
  const reads = { ...definition.reads, ...POSITION_OPERATIONS.reads };
  const writes = { ...definition.writes, ...POSITION_OPERATIONS.writes };
  const operations = new Map(Object.entries(role === 'writer' ? { ...reads, ...writes } : reads));
  const run = (call: Call): unknown => {
    const operation = operations.get(call.operation) as Operation | undefined;
    if (!operation) throw new Error(`no operation ${call.operation} on the ${role}`);
    return operation(connection, call.args as never);
  };
  return { connection, role, run };
}

/** The first request and those that wait behind it, at most `limit`, in order. */
function takeWaiting(port: MessagePort, first: Request, limit: number): { calls: Call[]; close: boolean } {
  const calls: Call[] = [];
  for (let request: Request | undefined = first; request;) {
    if ('close' in request) return { calls, close: true };
    if ('id' in request) calls.push(request);
    request = calls.length < limit ? (receiveMessageOnPort(port)?.message as Request | undefined) : undefined;
  }
  return { calls, close: false };
}

/**
 * Runs the calls in one transaction and answers after its commit, so that waiting writes share one sync, if any. Each is a
 * savepoint: a failing one does not affect the others.
 */
function runTogether(
  connection: Connection,
  role: Role,
  calls: readonly Call[],
  run: (call: Call) => unknown,
): Reply[] {
  if (calls.length === 0) return [];
  const { database } = connection;
  const alone = calls.length === 1;
  const durable = calls.some((call) => call.durable);
  try {
    if (role === 'writer') connection.beginWrite(durable);
    else connection.statement('BEGIN').run();
    const replies = calls.map((call): Reply => {
      if (alone) return { id: call.id, result: run(call) };
      connection.statement('SAVEPOINT call').run();
      try {
        const result = run(call);
        connection.statement('RELEASE call').run();
        return { id: call.id, result };
      } catch (error) {
        // A full disk or the like has rolled back all of it, not only this call.
        if (!database.isTransaction) throw error;
        database.exec('ROLLBACK TO call; RELEASE call');
        return { id: call.id, ...failure(error) };
      }
    });
    connection.commit(durable);
    return replies;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    return calls.map(({ id }) => ({ id, ...failure(error) }));
  }
}

function send(port: MessagePort, reply: Reply): void {
  try {
    port.postMessage(reply);
  } catch (error) {
    // The result cannot be cloned. The call must still be answered.
    port.postMessage({ id: reply.id, ...failure(String(error)) } satisfies Reply);
  }
}

function closeDown(connection: Connection, role: Role): void {
  try {
    if (role === 'writer') connection.database.exec('PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE)');
  } finally {
    connection.close();
  }
}

function failure(error: unknown): Failure {
  return {
    message: reasonOf(error),
    cause: error,
    unavailable: isUnavailable(error),
    unavailability: unavailability(error),
    damaged: isDamaged(error),
  };
}
