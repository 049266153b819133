// `npm run release -- 0.2.0 [--dry-run] [--out <folder>]`: checks that everything says the same version, writes what a release consists of
// (SBOM, list of images, changes), and tags. With `--dry-run` nothing is tagged or signed, and it says what it would run. Images and chart are
// built and signed where there are a builder and an identity; the commands for that are printed.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { changesOf, versionProblems } from './versions.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const args = process.argv.slice(2);
const dryRun = args.includes('--dry-run');
const out = join(root, args.includes('--out') ? args[args.indexOf('--out') + 1] : 'dist-release');
const version =
  args.find((arg) => /^\d/.test(arg)) ?? JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version;
const git = (...rest) => execFileSync('git', rest, { cwd: root, encoding: 'utf8' }).trim();

const problems = versionProblems(root, version);
if (!dryRun) {
  if (git('status', '--porcelain') !== '') problems.push('there are changes that are not committed');
  if (git('tag', '--list', `v${version}`) !== '') problems.push(`the tag v${version} exists already`);
}
if (problems.length > 0) {
  for (const problem of problems) console.error(`✗ ${problem}`);
  process.exit(1);
}

mkdirSync(out, { recursive: true });
const node = ['--conditions=opensync-source', '--disable-warning=ExperimentalWarning'];
const sbom = execFileSync(process.execPath, [...node, join(root, 'scripts/sbom.mjs'), '--image'], {
  cwd: root,
  maxBuffer: 2 ** 26,
});
writeFileSync(join(out, 'sbom.cdx.json'), sbom);
const images = readFileSync(join(root, 'deploy/k8s/images.txt'), 'utf8');
writeFileSync(join(out, 'images.txt'), images);
writeFileSync(join(out, 'changes.md'), `${changesOf(root, version)}\n`);
const revision = git('rev-parse', 'HEAD');
console.log(`version ${version}, revision ${revision}: sbom.cdx.json, images.txt and changes.md are in ${out}`);

const image = `$REGISTRY/opensync:${version}`;
const next = [
  `docker buildx build --platform linux/amd64,linux/arm64 --provenance=mode=max --build-arg VERSION=${version} --build-arg REVISION=${revision} --tag ${image} --push .`,
  `cosign sign --yes ${image}`,
  `cosign attest --yes --type cyclonedx --predicate ${join(out, 'sbom.cdx.json')} ${image}`,
  'helm package deploy/k8s/chart && helm push opensync-*.tgz oci://$REGISTRY/charts',
];
if (dryRun) console.log(`would tag v${version}`);
else git('tag', '--annotate', `v${version}`, '--message', `OpenSync ${version}`);
console.log(`then, where images are built:\n${next.map((command) => `  ${command}`).join('\n')}`);
