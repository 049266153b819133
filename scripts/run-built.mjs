// Runs a program that was built, or says in one line what is missing. Dependency-free and content with Node 20.
import { existsSync } from 'node:fs';

/**
 * @param {URL} main the built module
 * @param {string} name of the program
 */
export async function runBuilt(main, name) {
  if (!existsSync(main)) return failed(name, 'not built yet');
  try {
    await import(main.href);
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    failed(name, `not installed completely: ${error.message.split('\n')[0]}`);
  }
}

function failed(name, problem) {
  console.error(`${name}: ${problem}; run \`npm start\` or \`npm run setup\` in the folder of OpenSync first`);
  process.exitCode = 1;
}
