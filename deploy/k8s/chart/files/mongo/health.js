// Healthy once the replica set has a primary and every service its user. Creates what is missing, so that neither the first
// start nor the upgrade of an installation without passwords needs a step of its own: while MongoDB has no users, it accepts
// commands from its own machine without a password.
const passwordOf = (user) => require('fs').readFileSync(`/run/opensync/${user}`, 'utf8');
const admin = db.getSiblingDB('admin');
const answer = () => rs.status().ok;
const ROLES = { ingest: 'read', projector: 'readWrite', query: 'read', wrapped: 'read', cli: 'readWrite' };

try {
  admin.auth('root', passwordOf('root'));
} catch {
  try {
    rs.initiate({ _id: 'rs0', members: [{ _id: 0, host: 'mongo:27017' }] });
  } catch (error) {
    // An existing installation has its replica set.
    if (error.codeName !== 'AlreadyInitialized') throw error;
  }
  for (let waited = 0; waited < 50 && !db.hello().isWritablePrimary; waited++) sleep(100);
  admin.createUser({ user: 'root', pwd: passwordOf('root'), roles: ['root'] });
  admin.auth('root', passwordOf('root'));
}
for (const [user, role] of Object.entries(ROLES)) {
  if (admin.getUser(user)) continue;
  admin.createUser({ user, pwd: passwordOf(user), roles: [{ role, db: 'opensync' }] });
}
print(answer());
