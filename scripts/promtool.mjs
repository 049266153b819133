// Builds the promtool of Prometheus from its Go module, once, into a cache outside of the checkout, and prints its path for
// TEST_PROMTOOL. `--cached` builds nothing: it prints the path if promtool is there. The build takes minutes; Go verifies the module
// against its public checksum database.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const VERSION = 'v0.316.0';
const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
const folder = join(cache, 'opensync', 'promtool');
const program = join(folder, `promtool-${VERSION}`);

if (!existsSync(program) && !process.argv.includes('--cached')) {
  const unfinished = join(folder, `build-${process.pid}`);
  mkdirSync(unfinished, { recursive: true });
  try {
    console.error(`building promtool ${VERSION} …`);
    // Rules need none of the clients for clouds that Prometheus finds its targets with.
    execFileSync(
      'go',
      ['install', '-tags', 'remove_all_sd', `github.com/prometheus/prometheus/cmd/promtool@${VERSION}`],
      {
        env: { ...process.env, GOBIN: unfinished, CGO_ENABLED: '0' },
        stdio: ['ignore', 'ignore', 'inherit'],
      },
    );
    renameSync(join(unfinished, 'promtool'), program);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}
if (existsSync(program)) console.log(program);
else process.exitCode = 1;
