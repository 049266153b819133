import { jetstreamManager, type ConsumerInfo } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { AppError, type EmbeddingModel } from '@opensync/platform';
import { orUnavailable } from '../unavailable.ts';
import { newGap, wouldHaveGap } from './gap.ts';
import { CONSUMER } from './names.ts';

type Model = Pick<EmbeddingModel, 'name' | 'dimensions'>;

/**
 * In the metadata of the consumer that feeds the vectors: the model that its index is of. Another model has an index of its
 * own, which begins empty, so one that takes over is put down together with a gap: its index is told of all documents.
 */
const MODEL = 'opensync-model';

const nameOf = ({ name, dimensions }: Model): string => `${name}/${dimensions}`;

/** The model that the vectors are made with, `name/dimensions`; undefined where no projector has said it yet. */
export function modelOf({ config }: ConsumerInfo): string | undefined {
  return config.metadata?.[MODEL];
}

/**
 * Puts down that the vectors are made with this model from now on. Where none was put down before and documents were
 * projected already, nobody knows whether the index was of this one.
 * @throws AppError UNAVAILABLE
 */
export async function takeOverModel(nc: NatsConnection, model: Model): Promise<void> {
  const { stream, durable } = CONSUMER.vectors;
  await orUnavailable(nc, async () => {
    const manager = await jetstreamManager(nc, { checkAPI: false });
    const metadataNow = async () => (await manager.consumers.info(stream, durable)).config.metadata ?? {};
    for (;;) {
      const before = await metadataNow();
      if (before[MODEL] === nameOf(model)) return;
      const isNew = before[MODEL] !== undefined || (await wouldHaveGap(manager, CONSUMER.vectors));
      const gap = isNew ? newGap() : {};
      await manager.consumers.update(stream, durable, { metadata: { ...before, ...gap, [MODEL]: nameOf(model) } });
      // An update has no condition: a process that starts and adapts another setting may just have written back what it
      // had read. One that says something new is of another model, which has taken over since.
      if (JSON.stringify(await metadataNow()) !== JSON.stringify(before)) return;
    }
  });
}

/**
 * To be called before changes are acknowledged: a projector that is still of the model before, in a rollout, would take
 * them from the one of the new model. Resolves with whether any is put down: it is not after the consumer was made again.
 * @throws AppError UNAVAILABLE where another model has taken over, or the log does not answer
 */
export async function confirmModel(nc: NatsConnection, model: Model): Promise<boolean> {
  const { stream, durable } = CONSUMER.vectors;
  const info = await orUnavailable(nc, async () =>
    (await jetstreamManager(nc, { checkAPI: false })).consumers.info(stream, durable),
  );
  if (isModel(info, model)) return modelOf(info) !== undefined;
  throw new AppError(
    'UNAVAILABLE',
    `The vectors are made with the model ${modelOf(info)} by now, not with ${nameOf(model)}: set the same one here, or restart the projector with this one`,
  );
}

/** Whether the vectors are those of this model. */
export function isModel(info: ConsumerInfo, model: Model): boolean {
  return [undefined, nameOf(model)].includes(modelOf(info));
}
