import { join } from 'node:path';
import { createLogger, loadSettings, VERSION } from '@opensync/platform';
import { Disposal } from '@opensync/platform/service';
import { METRIC } from '@opensync/platform/telemetry';
import { temporaryFolder } from '@opensync/testkit';
import { startSystem } from './system/app.ts';

it('the metrics of a running process are those of the table, and all of them', async () => {
  await using temporary = await temporaryFolder();
  const settings = loadSettings({ PORT: '0', OPENSYNC_DATA_DIR: join(temporary.path, 'data') });
  const disposal = new Disposal(() => undefined);
  try {
    const logger = createLogger('silent', 'test');
    const { url } = await startSystem(settings, { logger, report: () => undefined, disposal });
    const text = await (await fetch(`${url}/metrics`)).text();
    const shown = [...text.matchAll(/^# TYPE (opensync_\S+) /gm)].map(([, name]) => name);
    const known = Object.values(METRIC).map(({ name }) => name);
    expect(shown.toSorted()).toEqual(known.toSorted());
    const values = new Map(
      text.split('\n').flatMap((line) => {
        const found = /^(opensync_\S+) (\S+)$/.exec(line);
        return found ? [[found[1], Number(found[2])] as const] : [];
      }),
    );
    expect(values.get(`${METRIC.build.name}{service="opensync",version="${VERSION}"}`)).toBe(1);
    expect(values.get(METRIC.diskSize.name)).toBeGreaterThan(values.get(METRIC.diskFree.name)!);
    expect(values.get(METRIC.diskFree.name)).toBeGreaterThan(0);
    expect(values.get(`${METRIC.streamLimit.name}{stream="ACCESS"}`)).toBe(256 * 1024 * 1024);
    expect(values.get(`${METRIC.consumerLag.name}{consumer="search"}`)).toBe(0);
  } finally {
    await disposal.run(5000);
  }
});
