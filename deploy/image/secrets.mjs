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
import { filesOf } from './passwords.mjs';

/** Every secret; mounted nowhere else. */
const ALL = '/secrets/all';
const NATS_DATA = '/data/nats';
const QDRANT_DATA = '/data/qdrant';
/** Users of the images. */
const NODE = 1000;
const NATS = 1000;
const QDRANT = 1000;
/** Those whose volume has another name, or another user than the services. */
const OWNERS = {
  nats: { uid: NATS },
  mongodb: { folder: 'mongo', uid: 999 },
  elasticsearch: { uid: 1000 },
  qdrant: { uid: QDRANT },
};

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

const installation = filesOf({
  secret: (name, bytes) => secret(name, bytes === undefined ? undefined : () => randomBytes(bytes).toString('base64')),
  keySecret,
  nats: ['nats:4222'],
  stores: { mongodb: 'mongo:27017', elasticsearch: 'elasticsearch:9200', qdrant: 'qdrant:6333' },
});
for (const [holder, files] of installation) {
  const { folder = holder, uid = NODE } = OWNERS[holder] ?? {};
  for (const [name, content] of files) write(join('/secrets', folder, name), content, uid);
}
give(NATS_DATA, NATS);
give(QDRANT_DATA, QDRANT);
