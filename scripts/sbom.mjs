// `npm run sbom`: what OpenSync brings with it, as CycloneDX JSON on stdout. `--image` leaves out the nats-server, which the image
// does not have. npm writes the document; here everything is removed from it that only development needs.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SHIPPED_FOLDERS, shippedPackages } from './shipped.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (name) => JSON.parse(readFileSync(new URL(`../${name}`, import.meta.url), 'utf8'));
const { version } = read('package.json');

const args = [
  'sbom',
  '--sbom-format=cyclonedx',
  '--package-lock-only',
  '--workspace=@opensync/opensync',
  '--workspace=@opensync/console',
];
const sbom = JSON.parse(execFileSync('npm', args, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26 }));

const shipped = shippedPackages(read('package-lock.json'), ...SHIPPED_FOLDERS);
const refs = new Set(shipped.map(({ name, version }) => `${name}@${version}`));
const isOurs = (ref) => ref.startsWith('@opensync/') && !ref.startsWith('@opensync/testkit@');
const isShipped = (ref) => refs.has(ref) || isOurs(ref);
const lacking = [...refs].filter((ref) => !sbom.components.some((component) => component['bom-ref'] === ref));
if (lacking.length > 0) throw new Error(`npm's document lacks ${lacking.join(', ')}`);

const components = sbom.components.filter((component) => isShipped(component['bom-ref']));
const dependencies = sbom.dependencies
  .filter(({ ref }) => isShipped(ref))
  .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter(isShipped) }));
if (!process.argv.includes('--image')) {
  const { RELEASE_VERSION } = await import('@opensync/nats-server');
  components.push({
    'bom-ref': `nats-server@${RELEASE_VERSION}`,
    type: 'application',
    name: 'nats-server',
    version: RELEASE_VERSION,
    purl: `pkg:golang/github.com/nats-io/nats-server/v2@v${RELEASE_VERSION}`,
    licenses: [{ license: { id: 'Apache-2.0' } }],
  });
}
const component = { type: 'application', 'bom-ref': `opensync@${version}`, name: 'opensync', version };
const metadata = { ...sbom.metadata, component: { ...component, licenses: [{ license: { id: 'MIT' } }] } };
console.log(JSON.stringify({ ...sbom, metadata, components, dependencies }, null, 2));
