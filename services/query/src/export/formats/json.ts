import type { ExportMessage } from '../record.ts';
import { ROW, type Piece, type SessionFormat } from './format.ts';

/** A message, beginning with what the original has of it. */
function messageJson({ role, sentRole, text, ...fields }: ExportMessage): object {
  return { role, content: text, ...(sentRole !== role && { sentRole }), ...fields };
}

export const json: SessionFormat = {
  kind: 'sessions',
  name: 'json',
  meaning: 'sessions with their messages; one session is an object, several are a list',
  mediaType: 'application/json; charset=utf-8',
  extension: 'json',
  framing: 'array',
  readsMessages: true,
  async *rows(session, messages): AsyncGenerator<Piece> {
    yield ROW;
    yield `{"session":${JSON.stringify(session)},"messages":[`;
    let isFirst = true;
    for await (const message of messages) {
      if (!isFirst) yield ',';
      isFirst = false;
      yield JSON.stringify(messageJson(message));
    }
    yield ']}';
  },
};

export const jsonl: SessionFormat = {
  kind: 'sessions',
  name: 'jsonl',
  meaning: 'messages, a line each, with the ids of their sessions',
  mediaType: 'application/x-ndjson',
  extension: 'jsonl',
  framing: 'lines',
  readsMessages: true,
  async *rows(session, messages): AsyncGenerator<Piece> {
    for await (const message of messages) {
      yield ROW;
      yield JSON.stringify({
        sessionId: session.id,
        sessionExternalId: session.externalId,
        ...messageJson(message),
      });
    }
  },
};
