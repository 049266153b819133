// The passwords of an installation, and which of them each of its programs needs: for docker-compose.yml and for Kubernetes.

export const LOG_USERS = ['keeper', 'ingest', 'projector', 'embedder', 'query', 'wrapped', 'cli'];
const MONGO_USERS = ['ingest', 'projector', 'query', 'wrapped', 'cli'];
const SEARCH_USERS = ['projector', 'query', 'cli'];
const KEY_USERS = ['keeper', 'ingest', 'query', 'wrapped', 'cli'];

/** What has a folder or a Secret of its own. */
export const HOLDERS = ['nats', 'mongodb', 'elasticsearch', 'qdrant', ...LOG_USERS];

/**
 * The files of each holder, named like the settings that services read, or as the files of `deploy` want them.
 * @param {object} installation
 * @param {(name: string, bytes?: number) => string} installation.secret the secret of this name, the same each time
 * @param {string | undefined} installation.keySecret the secret of the API keys, unless it lies beside them in the log
 * @param {string[]} installation.nats addresses for clients
 * @param {string[]} [installation.routes] addresses for the other servers of a cluster
 * @param {{ mongodb?: string, elasticsearch?: string, qdrant?: string }} installation.stores addresses of the own ones
 * @returns {Map<string, Map<string, string>>} contents by holder and file
 */
export function filesOf({ secret, keySecret, nats, routes = [], stores }) {
  const files = new Map(HOLDERS.map((holder) => [holder, new Map()]));
  const put = (holder, name, content) => files.get(holder).set(name, content);

  const [first, ...others] = nats;
  for (const user of LOG_USERS) {
    const servers = [
      `nats://${user}:${secret(`nats-${user}`)}@${first}`,
      ...others.map((server) => `nats://${server}`),
    ];
    put(user, 'NATS_URL', servers.join(','));
  }
  put('nats', 'passwords.conf', [...passwordLines(secret), ...routeLines(secret, routes)].join(''));

  if (keySecret !== undefined) for (const user of KEY_USERS) put(user, 'OPENSYNC_KEY_SECRET', keySecret);

  if (stores.mongodb !== undefined) {
    for (const user of MONGO_USERS) {
      const password = secret(`mongo-${user}`);
      put(
        user,
        'MONGODB_URL',
        `mongodb://${user}:${password}@${stores.mongodb}/opensync?replicaSet=rs0&authSource=admin`,
      );
      put('mongodb', user, password);
    }
    put('mongodb', 'root', secret('mongo-root'));
    // What the members of the replica set know each other by.
    put('mongodb', 'keyfile', secret('mongo-keyfile', 512));
  }
  if (stores.elasticsearch !== undefined) {
    for (const user of SEARCH_USERS) {
      const password = secret(`elasticsearch-${user}`);
      put(user, 'ELASTICSEARCH_URL', `http://${user}:${password}@${stores.elasticsearch}`);
      put('elasticsearch', user, password);
    }
    put('elasticsearch', 'elastic', secret('elasticsearch-elastic'));
  }
  if (stores.qdrant !== undefined) {
    for (const user of SEARCH_USERS) {
      put(user, 'QDRANT_URL', `http://${stores.qdrant}`);
      put(user, 'QDRANT_API_KEY', secret(user === 'query' ? 'qdrant-read-only' : 'qdrant'));
    }
    put('qdrant', 'api-key', secret('qdrant'));
    put('qdrant', 'read-only-api-key', secret('qdrant-read-only'));
  }
  return files;
}

function passwordLines(secret) {
  return LOG_USERS.map((user) => `NATS_PASSWORD_${user.toUpperCase()}: "${secret(`nats-${user}`)}"\n`);
}

/** Variables of nats-server are whole values, so the addresses hold the password. */
function routeLines(secret, routes) {
  if (routes.length === 0) return [];
  const password = secret('nats-routes');
  return [
    `NATS_PASSWORD_ROUTES: "${password}"\n`,
    ...routes.map((route, ordinal) => `NATS_ROUTE_${ordinal}: "nats-route://routes:${password}@${route}"\n`),
  ];
}
