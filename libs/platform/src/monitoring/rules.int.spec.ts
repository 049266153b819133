import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DASHBOARDS } from './dashboards.ts';
import { renderRules, renderRuleTests, RULE_TESTS } from './render.ts';
import { toYaml } from './yaml.ts';

/** The promtool of Prometheus: `node scripts/promtool.mjs` builds it and prints its path. */
const { TEST_PROMTOOL } = process.env;
const withPromtool = TEST_PROMTOOL ? describe : describe.skip;

withPromtool('the rules, by promtool', () => {
  let folder: string;
  const promtool = async (...args: string[]) =>
    promisify(execFile)(TEST_PROMTOOL!, args, { cwd: folder }).then(
      ({ stdout }) => stdout,
      (error: { stdout: string; stderr: string }) => {
        throw new Error(`${error.stdout}${error.stderr}`);
      },
    );
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'opensync-rules-'));
    await writeFile(join(folder, 'rules.yml'), renderRules());
    await Promise.all(RULE_TESTS.map((file) => writeFile(join(folder, file), renderRuleTests(file))));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('are valid', async () => {
    expect(await promtool('check', 'rules', '--lint=all', '--lint-fatal', 'rules.yml')).toContain('SUCCESS');
  });

  it('the queries of the dashboards are valid', async () => {
    const rules = DASHBOARDS.flatMap(({ panels }) => panels.flatMap(({ queries }) => queries)).map(({ expr }, at) => ({
      record: `query${at}`,
      expr: expr.replaceAll('$__rate_interval', '5m'),
    }));
    await writeFile(join(folder, 'queries.yml'), toYaml({ groups: [{ name: 'queries', rules }] }));
    expect(await promtool('check', 'rules', 'queries.yml')).toContain('SUCCESS');
  });

  it.each(RULE_TESTS)(
    '%s: each alert fires in its fault, after its time, and none if all is well',
    async (file) => {
      expect(await promtool('test', 'rules', file)).toContain('SUCCESS');
    },
    300_000,
  );
});
