import type { Subscription } from '@nats-io/transport-node';
import { jobEverywhereSubject } from '@opensync/contracts';
import { reasonOf } from '@opensync/platform';
import { z } from 'zod';
import { answerTo, askAll } from '../asking.ts';
import type { LogConnection } from '../connection.ts';
import type { JobName } from './catalogue.ts';
import type { JobDefinition } from './definition.ts';

/** How long to collect answers. */
const ANSWERS_MS = 5000;
const answerSchema = z.object({ note: z.string(), failed: z.boolean().optional() });

/** Does a job's work when another process, or this one, asks everybody to. */
export function serveEverywhere(nc: LogConnection, job: JobDefinition, now: () => number): Subscription {
  const work = () =>
    job.run({
      plannedAt: now(),
      since: now(),
      now: now(),
      isRequested: false,
      signal: AbortSignal.timeout(ANSWERS_MS),
    });
  return nc.subscribe(jobEverywhereSubject(job.name), {
    callback: (error, request) => {
      if (error) return;
      const answer = (said: z.infer<typeof answerSchema>) => answerTo(request, JSON.stringify(said));
      work().then(
        (note) => answer({ note }),
        (reason: unknown) => answer({ note: reasonOf(reason), failed: true }),
      );
    },
  });
}

/** Has each process that serves a job do its work. @throws Error if one of them failed, or none answered */
export async function everywhere(nc: LogConnection, name: JobName): Promise<string> {
  const notes = new Map<string, number>();
  let [processes, failure] = [0, undefined as string | undefined];
  for (const answer of await askAll(nc, jobEverywhereSubject(name), ANSWERS_MS)) {
    const said = answerSchema.safeParse(answer.json()).data;
    if (!said) continue;
    processes++;
    if (said.failed) failure = said.note;
    notes.set(said.note, (notes.get(said.note) ?? 0) + 1);
  }
  if (failure !== undefined) throw new Error(failure);
  if (processes === 0) throw new Error('no process answered');
  return [...notes].map(([note, count]) => (processes > 1 ? `${note} (${count} processes)` : note)).join('; ');
}
