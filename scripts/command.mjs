// Writes the command `opensync` to the data folder and prints where it is.
import { ConfigError, loadSettingsOf, makeDataFolder } from '@opensync/platform';
import { isOnPath, pathLine } from '../services/opensync/src/cli/command-name.ts';
import { installationFolder, installCommand } from '../services/opensync/src/system/command-shim.ts';

try {
  const { OPENSYNC_DATA_DIR } = loadSettingsOf(process.env, ['OPENSYNC_DATA_DIR']);
  const command = await installCommand(await makeDataFolder(OPENSYNC_DATA_DIR), installationFolder());
  console.log(`The command is ${command}`);
  if (!isOnPath(command, process.env)) console.log(`To type it as \`opensync\`:\n\n  ${pathLine(command)}\n`);
} catch (error) {
  if (!(error instanceof ConfigError) && error.code === undefined) throw error;
  console.error(`opensync: ${error.message}`);
  process.exitCode = 1;
}
