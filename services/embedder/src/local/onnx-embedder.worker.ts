import { getPriority, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { OnnxModel } from './onnx-model.ts';
import type { LocalReply, LocalRequest } from './protocol.ts';

// Answering requests comes first. On Linux the threads of the runtime inherit it from this one; elsewhere it is the whole
// process', as for the bundled model.
if (process.platform === 'linux' && getPriority() < 10) setPriority(10);

const port = parentPort!;
const { folder } = workerData as { readonly folder: string };
const loading = OnnxModel.load(folder);
// Each request below reports the failure; without this handler it would end the thread first.
loading.catch(() => undefined);

port.on('message', ({ id, texts, prefix = '' }: LocalRequest) => {
  loading
    .then((model) => model.embed(texts, prefix))
    .then(
      (results) =>
        port.postMessage(
          { id, results } satisfies LocalReply,
          results.map(({ vector }) => vector.buffer as ArrayBuffer),
        ),
      (error: unknown) => port.postMessage({ id, error: String(error) } satisfies LocalReply),
    );
});
