import { GENERATION_USE_SUBJECT } from '@opensync/contracts';
import { NoRespondersError } from '@nats-io/transport-node';
import { answerTo, askAll, unavailable, type LogConnection } from '@opensync/event-log';
import { useSchema, type GenerationUse } from './records.ts';

/** How long to listen for answers: well above the time a busy process needs to notice a switch. */
const ANSWERS_MS = 1000;

/** The generations that the answering processes use. @throws AppError UNAVAILABLE */
export async function generationsInUse(nc: LogConnection): Promise<GenerationUse[]> {
  const uses: GenerationUse[] = [];
  try {
    for (const answer of await askAll(nc, GENERATION_USE_SUBJECT, ANSWERS_MS)) {
      uses.push(useSchema.safeParse(safeJson(answer)).data ?? {});
    }
  } catch (error) {
    // No process has stores open.
    if (!(error instanceof NoRespondersError)) throw unavailable(error);
  }
  return uses;
}

/** Answers with the generations in use here. Returns a function that unsubscribes. */
export function answerInUse(nc: LogConnection, inUse: () => GenerationUse): () => void {
  const answering = nc.subscribe(GENERATION_USE_SUBJECT, {
    callback: (error, request) => {
      if (!error) answerTo(request, JSON.stringify(inUse()));
    },
  });
  return () => answering.unsubscribe();
}

function safeJson(message: { json(): unknown }): unknown {
  try {
    return message.json();
  } catch {
    return undefined;
  }
}
