// Generates the passwords of an installation on Kubernetes at its first start, and writes a Secret for each program with those that
// it needs. Later runs keep the passwords, and add what a new version needs. Runs as a Job whose service account may do only this.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { filesOf } from './passwords.mjs';

const ACCOUNT = process.env.OPENSYNC_SERVICE_ACCOUNT_DIR ?? '/var/run/secrets/kubernetes.io/serviceaccount';
const { OPENSYNC_INSTALLATION: installation, OPENSYNC_NAMESPACE: namespace } = process.env;
const API = process.env.OPENSYNC_KUBERNETES_URL ?? 'https://kubernetes.default.svc';
const ATTEMPTS = 10;
const MOST_BYTES = 4 * 1024 * 1024;

/** Answers with the status and the object. */
async function call(method, path, body) {
  const url = new URL(path, API);
  const isTls = url.protocol === 'https:';
  const options = {
    method,
    headers: {
      authorization: `Bearer ${readFileSync(`${ACCOUNT}/token`, 'utf8').trim()}`,
      ...(body && { 'content-type': 'application/json' }),
    },
    timeout: 10_000,
    ...(isTls && { ca: readFileSync(`${ACCOUNT}/ca.crt`) }),
  };
  return new Promise((resolve, reject) => {
    const sent = (isTls ? httpsRequest : httpRequest)(url, options, (response) => {
      const chunks = [];
      let bytes = 0;
      response.on('error', reject);
      response.on('data', (chunk) => {
        bytes += chunk.length;
        if (bytes > MOST_BYTES) return response.destroy(new Error('the answer of Kubernetes is too large'));
        chunks.push(chunk);
      });
      response.on('end', () => {
        try {
          resolve({ status: response.statusCode, object: JSON.parse(Buffer.concat(chunks).toString('utf8')) });
        } catch (error) {
          reject(error);
        }
      });
    });
    sent.on('timeout', () => sent.destroy(new Error(`${method} ${path}: no answer in 10 s`)));
    sent.on('error', reject);
    sent.end(body && JSON.stringify(body));
  });
}

const pathOf = (name) => `/api/v1/namespaces/${namespace}/secrets/${name}`;
const problem = (what, { status, object }) => new Error(`${what}: ${status} ${object.message ?? ''}`);

async function read(name) {
  const answer = await call('GET', pathOf(name));
  if (answer.status === 404) return undefined;
  if (answer.status !== 200) throw problem(`read Secret ${name}`, answer);
  return answer.object;
}

const decoded = ({ data = {} }) =>
  new Map(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]));

/**
 * Writes what `change` makes of the contents of a Secret, which it creates if there is none. If something else writes it at the same
 * time, nothing is lost: it is read again. Resolves with the contents.
 */
async function update(name, change) {
  for (let attempt = 1; ; attempt++) {
    const found = await read(name);
    const before = found ? decoded(found) : new Map();
    const after = change(new Map(before));
    if (found && equal(before, after)) return after;
    const data = Object.fromEntries([...after].map(([key, value]) => [key, Buffer.from(value).toString('base64')]));
    const answer = found
      ? await call('PUT', pathOf(name), { ...found, data })
      : await call('POST', pathOf('').slice(0, -1), {
          apiVersion: 'v1',
          kind: 'Secret',
          type: 'Opaque',
          metadata: { name, namespace, labels: { 'app.kubernetes.io/part-of': 'opensync' } },
          data,
        });
    if (answer.status === 200 || answer.status === 201) {
      console.log(`${found ? 'updated' : 'created'} Secret ${name}`);
      return after;
    }
    if (answer.status !== 409 || attempt === ATTEMPTS) throw problem(`write Secret ${name}`, answer);
  }
}

const equal = (a, b) => a.size === b.size && [...a].every(([key, value]) => b.get(key) === value);

/** The files, with the passwords of `secrets`; missing ones are generated and added to them. */
function derive(secrets) {
  const own = new Set((process.env.OPENSYNC_STORES ?? '').split(',').filter(Boolean));
  const servers = Number(process.env.OPENSYNC_NATS_SERVERS ?? '1');
  const secret = (name, bytes) => {
    if (!secrets.has(name))
      secrets.set(name, randomBytes(bytes ?? 32).toString(bytes === undefined ? 'hex' : 'base64'));
    return secrets.get(name);
  };
  const address = (store, port) => (own.has(store) ? `${installation}-${store}:${port}` : undefined);
  const peers = Array.from(
    { length: servers },
    (_, ordinal) => `${installation}-nats-${ordinal}.${installation}-nats-headless`,
  );
  return filesOf({
    secret,
    keySecret: secret('key-secret'),
    nats: servers > 1 ? peers.map((peer) => `${peer}:4222`) : [`${installation}-nats:4222`],
    routes: servers > 1 ? peers.map((peer) => `${peer}:6222`) : [],
    stores: {
      mongodb: address('mongodb', 27017),
      elasticsearch: address('elasticsearch', 9200),
      qdrant: address('qdrant', 6333),
    },
  });
}

// The passwords first: a run that is killed after this is continued with the same ones.
const passwords = await update(`${installation}-passwords`, (secrets) => {
  derive(secrets);
  return secrets;
});
for (const [holder, files] of derive(passwords)) {
  if (files.size > 0) await update(`${installation}-${holder}`, () => files);
}
