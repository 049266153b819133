// Runs an export's tests with promptfoo, with a provider and a grader that need no network, and prints what it has read:
// `node load-promptfoo.mjs FOLDER FILE`.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, file] = process.argv.slice(2);
const write = process.stdout.write.bind(process.stdout);
// Its own messages are not the result.
console.log = console.info = console.warn = console.error;
const { default: promptfoo } = await import(
  pathToFileURL(join(folder, 'node_modules', 'promptfoo', 'dist', 'src', 'index.js')).href
);
const graded = [];
const grader = {
  id: () => 'grader',
  callApi: async (prompt) => {
    graded.push(prompt);
    return { output: JSON.stringify({ pass: true, score: 1, reason: 'as expected' }) };
  },
};
const asked = [];
const provider = {
  id: () => 'nobody',
  callApi: async (prompt) => {
    asked.push(prompt);
    return { output: 'nothing' };
  },
};
const evaluation = await promptfoo.evaluate(
  {
    prompts: ['{{input}}'],
    providers: [provider],
    tests: `file://${file}`,
    defaultTest: { options: { provider: grader } },
    writeLatestResults: false,
  },
  { cache: false, maxConcurrency: 1, showProgressBar: false },
);
const { results: unordered = evaluation.results?.results } = await (evaluation.toEvaluateSummary?.() ?? evaluation);
const results = unordered.toSorted((a, b) => a.testIdx - b.testIdx);
const read = {
  inputs: results.map(({ prompt }) => prompt.raw),
  answers: results.map(({ response }) => response?.output),
  descriptions: results.map(({ testCase }) => testCase.description),
  passed: results.map(({ success }) => success),
  asked: asked.length,
  graded,
};
write(`${JSON.stringify(read)}\n`, () => process.exit(0));
