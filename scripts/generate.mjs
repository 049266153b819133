// Writes the generated files: the README's settings table, the table of metrics in docs/services.md, the table of
// parameters in docs/api.md, the access matrix in docs/access.md, docs/errors.md, docs/third-party.md, the OpenAPI document,
// the console's types of it, the JSON Schemas of the events, the AsyncAPI document, the users of nats-server in deploy/nats/users.conf, deploy/monitoring, and what follows
// from the chart in deploy/k8s. `--check` writes nothing and fails if a committed file differs.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  changeSubject,
  documentChangesSchema,
  EMBED_QUEUE,
  EMBED_SUBJECT,
  embedRequestSchema,
  embedResponseSchema,
  EVENT_CATALOGUE,
  eventSubject,
} from '@opensync/contracts';
import { INGEST_ROUTES } from '@opensync/ingest/api-routes';
import { RELEASE_VERSION } from '@opensync/nats-server';
import { ERRORS, fileSettingOf, SECRET_SETTINGS, settingsSchema } from '@opensync/platform';
import { openApiDocument } from '@opensync/platform/api-document';
import { renderUsers } from '@opensync/event-log/permissions';
import {
  renderChartDashboards,
  renderChartRules,
  renderDashboards,
  renderRules,
  renderRuleTests,
  RULE_TESTS,
} from '@opensync/platform/monitoring';
import { METRIC } from '@opensync/platform/telemetry';
import { QUERY_ROUTES } from '@opensync/query/api-routes';
import { documentedParameters } from '@opensync/query/read-routes';
import { renderAccessMatrix } from '@opensync/testkit/access';
import openapiTS, { astToString } from 'openapi-typescript';
import { format } from 'prettier';
import { z } from 'zod';
import { generateChart } from './chart/generate.mjs';
import { SHIPPED_FOLDERS, shippedPackages } from './shipped.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const check = process.argv.includes('--check');

const jsonSchema = (schema) => z.toJSONSchema(schema, { target: 'draft-2020-12' });

function settingsTable() {
  const { properties } = z.toJSONSchema(settingsSchema, { io: 'input', unrepresentable: 'any' });
  // Of numbers the JSON Schema has none: what an environment gives is text.
  const defaults = settingsSchema.parse({});
  const rows = Object.entries(properties).map(([name, { description, shown, enum: choices }]) => {
    const byDefault = shown ?? String(defaults[name] ?? '');
    const inFile = SECRET_SETTINGS.includes(name) ? `; or \`${fileSettingOf(name)}\`, the path of a file with it` : '';
    const meaning = choices
      ? `${description}. One of ${choices.map((choice) => `\`${choice}\``).join(', ')}`
      : description;
    return `| \`${name}\` | ${byDefault === '' ? '' : `\`${byDefault}\``} | ${`${meaning}${inFile}`.replaceAll('|', '\\|')} |`;
  });
  return ['| Variable | Default | Meaning |', '|---|---|---|', ...rows].join('\n');
}

function metricsTable() {
  const rows = Object.values(METRIC).map(
    ({ name, labels, help }) => `| \`${name}\` | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`,
  );
  return ['| Metric | Labels | Meaning |', '|---|---|---|', ...rows].join('\n');
}

function parametersTable() {
  const rows = documentedParameters().map(({ name, routes, takes, usual, meaning }) => {
    const where = routes.map((route) => `\`${route}\``).join(', ');
    return `| \`${name}\` | ${where} | ${takes} | ${usual ?? ''} | ${meaning} |`;
  });
  return ['| Parameter | Of | Takes | Default | Meaning |', '|---|---|---|---|---|', ...rows].join('\n');
}

function errorTable() {
  const rows = Object.entries(ERRORS).map(
    ([code, { status, retryable }]) => `| \`${code}\` | ${status} | ${retryable ? 'yes, after `Retry-After`' : 'no'} |`,
  );
  return ['# Error codes', '', '| Code | Status | Retry |', '|---|---|---|', ...rows, ''].join('\n');
}

/** What the console knows of the API. */
async function consoleTypes(openApi) {
  const nodes = await openapiTS(structuredClone(openApi), { alphabetize: true, immutable: true });
  return `// From services/query/openapi.json, by npm run generate.\n${astToString(nodes)}`;
}

async function thirdParty() {
  const lockfile = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8'));
  const byLicence = new Map();
  for (const { name, version, license } of shippedPackages(lockfile, ...SHIPPED_FOLDERS)) {
    byLicence.set(license, (byLicence.get(license) ?? new Set()).add(`${name} ${version}`));
  }
  const rows = [...byLicence]
    .sort(([a], [b]) => String(a).localeCompare(String(b), 'en'))
    .map(([license, names]) => `| ${license ?? 'unknown'} | ${[...names].join(', ')} |`);
  return [
    '# Third-party software',
    '',
    'The npm packages that OpenSync and its image bring with them, by the licence that each declares. Each package has its licence text in',
    'its folder. `npm run generate` writes this list from the lockfile; `npm run sbom` prints it as CycloneDX, with checksums.',
    '',
    '| Licence | Packages |',
    '|---|---|',
    ...rows,
    '',
    `Besides these, \`npm start\` uses [nats-server](https://github.com/nats-io/nats-server) (Apache-2.0; it downloads ${RELEASE_VERSION} if`,
    'none is installed) and Node.js (MIT). The image contains Node.js on Debian, without nats-server; `/usr/share/doc/*/copyright` in the',
    'image has the licences of its Debian packages.',
    '',
  ].join('\n');
}

function asyncApi(version) {
  const events = Object.entries(EVENT_CATALOGUE);
  const name = (type) => type.replaceAll('.', '-');
  const header = (description) => ({ type: 'string', description });
  const cloudEvent = {
    type: 'object',
    required: ['ce-specversion', 'ce-id', 'ce-type', 'ce-source', 'ce-subject', 'ce-time'],
    properties: {
      'ce-specversion': { const: '1.0' },
      'ce-id': header('UUIDv7, or derived from the Idempotency-Key of the request'),
      'ce-type': header('Type with version'),
      'ce-source': header('Service that published the event'),
      'ce-subject': header('Id of the document that the event is about'),
      'ce-time': header('Arrival, RFC 3339'),
      traceparent: header('W3C trace context, if the request had one'),
      'Osk-Request': header('On the first event of a request with an Idempotency-Key: SHA-256 of its route and body'),
    },
  };
  const owner = { workspaceId: '{workspaceId}', userId: '{userId}' };
  const parameters = {
    workspaceId: { description: 'wsp_…' },
    userId: { description: 'usr_…' },
  };
  const channels = {};
  const messages = {};
  for (const [type, { entity }] of events) {
    channels[entity] ??= {
      address: eventSubject(owner, entity),
      parameters,
      messages: {},
    };
    channels[entity].messages[name(type)] = { $ref: `#/components/messages/${name(type)}` };
    messages[name(type)] = {
      name: type,
      contentType: 'application/json',
      headers: { $ref: '#/components/schemas/cloudEvent' },
      payload: { $ref: `./schemas/${type}.json` },
    };
  }
  channels.changes = {
    address: changeSubject(owner),
    parameters,
    messages: { changes: { payload: jsonSchema(documentChangesSchema) } },
  };
  channels.embed = {
    address: EMBED_SUBJECT,
    description: `Request/reply, queue group \`${EMBED_QUEUE}\``,
    messages: {
      request: { payload: jsonSchema(embedRequestSchema) },
      response: { payload: jsonSchema(embedResponseSchema) },
    },
  };
  return {
    asyncapi: '3.0.0',
    info: { title: 'OpenSync events', version, license: { name: 'MIT' } },
    channels,
    operations: {
      embed: {
        action: 'receive',
        channel: { $ref: '#/channels/embed' },
        messages: [{ $ref: '#/channels/embed/messages/request' }],
        bindings: { nats: { queue: EMBED_QUEUE, bindingVersion: '0.1.0' } },
      },
    },
    components: { schemas: { cloudEvent }, messages },
  };
}

async function generatedFiles() {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const services = await readFile(join(root, 'docs/services.md'), 'utf8');
  const api = await readFile(join(root, 'docs/api.md'), 'utf8');
  const access = await readFile(join(root, 'docs/access.md'), 'utf8');
  const openApi = openApiDocument([...INGEST_ROUTES, ...QUERY_ROUTES], version);
  const files = new Map([
    [
      'README.md',
      readme.replace(
        /(<!-- settings: npm run generate -->)[\s\S]*?(<!-- \/settings -->)/,
        (_all, start, end) => `${start}\n\n${settingsTable()}\n\n${end}`,
      ),
    ],
    [
      'docs/services.md',
      services.replace(
        /(<!-- metrics: npm run generate -->)[\s\S]*?(<!-- \/metrics -->)/,
        (_all, start, end) => `${start}\n\n${metricsTable()}\n\n${end}`,
      ),
    ],
    [
      'docs/api.md',
      api.replace(
        /(<!-- parameters: npm run generate -->)[\s\S]*?(<!-- \/parameters -->)/,
        (_all, start, end) => `${start}\n\n${parametersTable()}\n\n${end}`,
      ),
    ],
    [
      'docs/access.md',
      access.replace(
        /(<!-- access: npm run generate -->)[\s\S]*?(<!-- \/access -->)/,
        (_all, start, end) => `${start}\n\n${renderAccessMatrix()}\n\n${end}`,
      ),
    ],
    ['docs/errors.md', errorTable()],
    ['services/query/openapi.json', JSON.stringify(openApi)],
    ['apps/console/src/api/schema.d.ts', await consoleTypes(openApi)],
    ['docs/third-party.md', await thirdParty()],
    ['docs/events/asyncapi.json', JSON.stringify(asyncApi(version))],
    ['deploy/nats/users.conf', renderUsers()],
    ['deploy/monitoring/rules.yml', renderRules()],
    ['deploy/k8s/chart/templates/monitoring/rules.yaml', renderChartRules()],
    ['deploy/k8s/chart/templates/monitoring/dashboards.yaml', renderChartDashboards()],
  ]);
  for (const [file, content] of renderDashboards()) files.set(`deploy/monitoring/dashboards/${file}`, content);
  for (const file of RULE_TESTS) files.set(`deploy/monitoring/${file}`, renderRuleTests(file));
  for (const [type, { schema }] of Object.entries(EVENT_CATALOGUE)) {
    files.set(`docs/events/schemas/${type}.json`, JSON.stringify({ title: type, ...jsonSchema(schema) }));
  }
  return files;
}

let drifted = 0;
for (const [file, content] of await generatedFiles()) {
  const path = join(root, file);
  const wanted =
    path.endsWith('.conf') || file.includes('/chart/templates/')
      ? content
      : await format(content, { filepath: path, singleQuote: true, printWidth: 120 });
  const current = await readFile(path, 'utf8').catch(() => '');
  if (current === wanted) continue;
  drifted++;
  if (check) {
    console.error(`${relative(root, path)} is not what the schemas say: run npm run generate`);
    continue;
  }
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, wanted);
  console.log(`wrote ${relative(root, path)}`);
}
// After the users of nats-server, which the chart has a copy of.
drifted += await generateChart({ check });
process.exitCode = check && drifted > 0 ? 1 : 0;
