import { KEY_SERVICE_SUBJECT, type Principal } from '@opensync/contracts';
import { AppError } from '@opensync/platform';
import { errors } from '@nats-io/transport-node';
import { ask } from '../asking.ts';
import type { LogConnection } from '../connection.ts';
import { orUnavailable } from '../unavailable.ts';
import { answerSchema, RESULTS, type KeyServiceCaller, type KeyServiceCommand, type Result } from './protocol.ts';

/** The keeper may wait for the log. */
const ANSWER_MS = 15_000;

/** Asks the keeper, the only service that may write API keys and members. */
export class KeyServiceClient {
  readonly #nc: LogConnection;

  constructor(nc: LogConnection) {
    this.#nc = nc;
  }

  /** @throws AppError of the keeper, or UNAVAILABLE if none answers */
  async ask<Name extends KeyServiceCommand['command']>(
    command: Extract<KeyServiceCommand, { command: Name }>,
  ): Promise<Result<Name>> {
    const answer = answerSchema.parse((await this.#request(JSON.stringify(command))).json());
    if ('error' in answer) throw new AppError(answer.error.code, answer.error.message);
    return RESULTS[command.command].parse(answer.result) as Result<Name>;
  }

  async #request(body: string) {
    return orUnavailable(this.#nc, async () => {
      try {
        return await ask(this.#nc, KEY_SERVICE_SUBJECT, body, ANSWER_MS);
      } catch (error) {
        if (error instanceof errors.NoRespondersError || (error as Error).cause instanceof errors.NoRespondersError) {
          throw new AppError('UNAVAILABLE', 'No keeper answers; keys and members cannot be changed at the moment', {
            cause: error,
          });
        }
        throw error;
      }
    });
  }
}

/** The caller of a request, as the keeper looks them up. */
export function callerOf({ workspaceId, userId, keyId, loginId }: Principal): KeyServiceCaller {
  return { workspaceId, userId, keyId: loginId ?? keyId, isLogin: loginId !== undefined };
}
