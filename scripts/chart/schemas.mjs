// Takes the schemas of the kinds that the chart uses, or may use, out of the OpenAPI document of Kubernetes (api/openapi-spec/swagger.json
// of its repository): node scripts/chart/schemas.mjs swagger.json. Closed, so that a misspelt field is an error, and without descriptions.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../workspace.mjs';

const KINDS = [
  'io.k8s.api.core.v1.{Namespace,ConfigMap,Secret,Service,ServiceAccount,PersistentVolumeClaim,Pod}',
  'io.k8s.api.apps.v1.{Deployment,StatefulSet}',
  'io.k8s.api.batch.v1.{Job,CronJob}',
  'io.k8s.api.networking.v1.{NetworkPolicy,Ingress}',
  'io.k8s.api.policy.v1.{PodDisruptionBudget}',
  'io.k8s.api.autoscaling.v2.{HorizontalPodAutoscaler}',
  'io.k8s.api.rbac.v1.{Role,RoleBinding,ClusterRole,ClusterRoleBinding}',
  'io.k8s.api.scheduling.v1.{PriorityClass}',
].flatMap((group) => {
  const [, prefix, names] = /^(.*)\{(.*)\}$/.exec(group);
  return names.split(',').map((name) => prefix + name);
});

const { definitions, info } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const taken = {};
const kinds = {};

function take(name) {
  if (name in taken) return;
  taken[name] = {};
  taken[name] = convert(definitions[name], name);
}

function convert(schema, name = '') {
  if (schema.$ref) {
    const target = schema.$ref.replace('#/definitions/', '');
    take(target);
    return { $ref: `#/definitions/${target}` };
  }
  // What Kubernetes reads as text or as a number.
  if (schema.format === 'int-or-string' || name.endsWith('.Quantity')) return { type: ['string', 'number'] };
  const { type, required, enum: choices, items, properties, additionalProperties } = schema;
  return {
    ...(type && { type }),
    ...(required && { required }),
    ...(choices && { enum: choices }),
    ...(items && { items: convert(items) }),
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([field, value]) => [field, convert(value)])),
      additionalProperties: false,
    }),
    ...(additionalProperties && { additionalProperties: convert(additionalProperties) }),
  };
}

for (const name of KINDS) {
  take(name);
  for (const { group, version, kind } of definitions[name]['x-kubernetes-group-version-kind'])
    kinds[`${group ? `${group}/` : ''}${version}/${kind}`] = name;
}
const path = join(root, 'e2e/src/fixtures/kubernetes-schemas.json');
writeFileSync(path, JSON.stringify({ version: info.version, kinds, definitions: taken }));
