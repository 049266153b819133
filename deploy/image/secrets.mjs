// Makes the passwords of an installation of docker-compose.yml at its first start, and gives each container a volume with
// its own. Later starts keep them: `docker compose run` and every `up` begin with this, and it changes nothing then.
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  existsSync,
  lchownSync,
  lstatSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

/** Every secret; mounted nowhere else. */
const ALL = '/secrets/all';
const NATS_DATA = '/data/nats';
const QDRANT_DATA = '/data/qdrant';
/** Users of the images. */
const NODE = 1000;
const NATS = 1000;
const MONGODB = 999;
const ELASTICSEARCH = 1000;
const QDRANT = 1000;

const LOG_USERS = ['keeper', 'ingest', 'projector', 'embedder', 'query', 'cli'];
const MONGO_USERS = ['ingest', 'projector', 'query', 'cli'];
const SEARCH_USERS = ['projector', 'query', 'cli'];

/** Writes a file for one user, whole or not at all. */
function write(path, content, uid = 0) {
  if (existsSync(path) && uid === 0) return;
  const draft = `${path}.new`;
  writeFileSync(draft, content, { mode: 0o400, flush: true });
  if (uid !== 0) chownSync(draft, uid, uid);
  renameSync(draft, path);
}

/** The secret with this name; it is made when it is asked for the first time. */
function secret(name, make = () => randomBytes(32).toString('hex')) {
  const path = join(ALL, name);
  write(path, existsSync(path) ? '' : make());
  return readFileSync(path, 'utf8');
}

/** Gives a folder with all its contents to a user; a folder last, so that an interrupted run is continued. */
function give(path, uid) {
  const found = lstatSync(path);
  if (found.uid === uid) return;
  if (found.isDirectory()) for (const name of readdirSync(path)) give(join(path, name), uid);
  lchownSync(path, uid, uid);
}

const isEmpty = (folder) => readdirSync(folder).length === 0;

/** Before the log is given away: who has keys already has a secret beside them, which these keys need. */
const isNew = existsSync(join(ALL, 'key-secret')) || isEmpty(NATS_DATA);
const keySecret = isNew ? secret('key-secret') : undefined;

const files = new Map();
const put = (volume, uid, name, content) => files.set(join('/secrets', volume, name), { content, uid });

for (const user of LOG_USERS) {
  put(user, NODE, 'NATS_URL', `nats://${user}:${secret(`nats-${user}`)}@nats:4222`);
}
const passwords = LOG_USERS.map((user) => `NATS_PASSWORD_${user.toUpperCase()}: "${secret(`nats-${user}`)}"\n`);
put('nats', NATS, 'passwords.conf', passwords.join(''));

for (const user of ['keeper', 'ingest', 'query', 'cli']) {
  if (keySecret !== undefined) put(user, NODE, 'OPENSYNC_KEY_SECRET', keySecret);
}

for (const user of MONGO_USERS) {
  const password = secret(`mongo-${user}`);
  put(user, NODE, 'MONGODB_URL', `mongodb://${user}:${password}@mongo:27017/opensync?replicaSet=rs0&authSource=admin`);
  put('mongo', MONGODB, user, password);
}
put('mongo', MONGODB, 'root', secret('mongo-root'));
// What the members of the replica set know each other by.
put(
  'mongo',
  MONGODB,
  'keyfile',
  secret('mongo-keyfile', () => randomBytes(512).toString('base64')),
);

for (const user of SEARCH_USERS) {
  const password = secret(`elasticsearch-${user}`);
  put(user, NODE, 'ELASTICSEARCH_URL', `http://${user}:${password}@elasticsearch:9200`);
  put('elasticsearch', ELASTICSEARCH, user, password);
}
put('elasticsearch', ELASTICSEARCH, 'elastic', secret('elasticsearch-elastic'));

for (const user of ['projector', 'cli']) put(user, NODE, 'QDRANT_API_KEY', secret('qdrant'));
put('query', NODE, 'QDRANT_API_KEY', secret('qdrant-read-only'));
put('qdrant', QDRANT, 'api-key', secret('qdrant'));
put('qdrant', QDRANT, 'read-only-api-key', secret('qdrant-read-only'));

for (const [path, { content, uid }] of files) write(path, content, uid);
give(NATS_DATA, NATS);
give(QDRANT_DATA, QDRANT);
