import type { SensitiveKind } from '../finding.ts';
import { ALPHANUMERIC, BASE64, CAPITALS, HEX, randomText as r, URL_SAFE } from './random.ts';

/** A line of a session, and what nobody else may read of it. */
export interface SensitiveLine {
  readonly kind: SensitiveKind;
  readonly line: string;
  readonly hidden: string;
}

function secret(hidden: string, line: (value: string) => string = (value) => value): SensitiveLine {
  return { kind: 'secret', hidden, line: line(hidden) };
}

function reveals(kind: SensitiveKind, hidden: string, line: (value: string) => string): SensitiveLine {
  return { kind, hidden, line: line(hidden) };
}

const PEM_LINES = [1, 2, 3, 4].map((seed) => r(64, BASE64, seed));
const pem = (label: string, lineEnd: string) =>
  [`-----BEGIN ${label}-----`, ...PEM_LINES, `-----END ${label}-----`].join(lineEnd);

/** Secrets as agents and people write them: in files, commands, answers of tools and prose. */
export const SECRETS: readonly SensitiveLine[] = [
  secret(`osk_${r(43, URL_SAFE)}`, (v) => `curl -H "Authorization: Bearer ${v}" http://localhost:3211/api/sessions`),
  secret(`ghp_${r(36)}`, (v) => `git clone https://${v}@github.com/acme/billing.git`),
  secret(`github_pat_${r(22)}_${r(59)}`, (v) => `GITHUB_TOKEN=${v}`),
  secret(`gho_${r(36)}`, (v) => `  oauth_token: ${v}`),
  secret(`glpat-${r(20, URL_SAFE)}`, (v) => `glab auth login --token ${v}`),
  secret(`AKIA${r(16, CAPITALS)}`, (v) => `aws_access_key_id = ${v}`),
  secret(r(40, BASE64, 7), (v) => `aws_secret_access_key = ${v}`),
  secret(r(40, BASE64, 8), (v) => `export AWS_SECRET_ACCESS_KEY="${v}"`),
  secret(r(40, BASE64, 9), (v) => `{"SecretAccessKey": "${v}", "Expiration": "2026-01-15T12:00:00Z"}`),
  secret(`AIza${r(35, URL_SAFE)}`, (v) => `const maps = new Maps({ key: '${v}' });`),
  secret(`GOCSPX-${r(28, URL_SAFE)}`, (v) => `"client_secret":"${v}"`),
  secret(`ya29.${r(120, URL_SAFE)}`, (v) => `access_token=${v}&expires_in=3599`),
  secret(`sk-proj-${r(74, URL_SAFE)}T3BlbkFJ${r(74, URL_SAFE)}`, (v) => `OPENAI_API_KEY=${v}`),
  secret(`sk-${r(20)}T3BlbkFJ${r(20)}`, (v) => `openai.api_key = "${v}"`),
  secret(`sk-ant-api03-${r(93, URL_SAFE)}AA`, (v) => `ANTHROPIC_API_KEY: ${v}`),
  secret(`sk-or-v1-${r(64, HEX)}`, (v) => `My key is ${v}, please use it.`),
  secret(`xoxb-${r(12, '0123456789')}-${r(13, '0123456789')}-${r(24)}`, (v) => `slack_token: '${v}'`),
  secret(`https://hooks.slack.com/services/T${r(10, CAPITALS)}/B${r(10, CAPITALS)}/${r(24)}`),
  secret(`sk_live_${r(24)}`, (v) => `stripe.api_key = '${v}'`),
  secret(`whsec_${r(32)}`, (v) => `STRIPE_WEBHOOK_SECRET=${v}`),
  secret(`npm_${r(36)}`, (v) => `//registry.npmjs.org/:_authToken=${v}`),
  secret(r(36, HEX), (v) => `//npm.acme.corp/:_authToken=${v}`),
  secret(`pypi-AgEIcHlwaS5vcmc${r(60, URL_SAFE)}`, (v) => `password = ${v}`),
  secret(`hf_${r(34)}`, (v) => `huggingface-cli login --token ${v}`),
  secret(`dop_v1_${r(64, HEX)}`, (v) => `doctl auth init -t ${v}`),
  secret(`SG.${r(22, URL_SAFE)}.${r(43, URL_SAFE)}`, (v) => `SENDGRID_API_KEY='${v}'`),
  secret(`SK${r(32, HEX)}`, (v) => `twilio: ${v}`),
  secret(`dckr_pat_${r(27, URL_SAFE)}`, (v) => `docker login -u ada -p ${v}`),
  secret(`https://discord.com/api/webhooks/${r(18, '0123456789')}/${r(68, URL_SAFE)}`),
  secret(`${r(9, '123456789')}:AA${r(33, URL_SAFE)}`, (v) => `bot = Bot(token="${v}")`),
  secret(`shpat_${r(32, HEX)}`, (v) => `X-Shopify-Access-Token: ${v}`),
  secret(`lin_api_${r(40)}`, (v) => `linear ${v}`),
  secret(`tskey-auth-${r(16)}-${r(32)}`, (v) => `tailscale up --authkey ${v}`),
  secret(`hvs.${r(95, URL_SAFE)}`, (v) => `VAULT_TOKEN=${v}`),
  secret(`glsa_${r(32)}_${r(8, HEX)}`, (v) => `grafana ${v}`),
  secret(`AGE-SECRET-KEY-1${r(58, CAPITALS)}`),
  secret(
    `eyJ${r(33, URL_SAFE)}.eyJ${r(120, URL_SAFE)}.${r(43, URL_SAFE)}`,
    (v) => `document.cookie = "session=${v}; Path=/"`,
  ),
  secret(r(48), (v) => `Authorization: Bearer ${v}`),
  secret(Buffer.from(`ada:${r(16)}`).toString('base64'), (v) => `"Authorization": "Basic ${v}"`),
  secret(pem('RSA PRIVATE KEY', '\n')),
  secret(pem('PRIVATE KEY', String.raw`\n`), (v) => `"private_key": "${v}\\n",`),
  secret(pem('OPENSSH PRIVATE KEY', '\n'), (v) => `cat ~/.ssh/id_ed25519\n${v}\n`),
  secret('c0rrect-h0rse', (v) => `postgres://billing:${v}@db.acme.internal:5432/billing`),
  secret('s3cr3t!pass', (v) => `DATABASE_URL=mysql://root:${v}@10.0.0.5/shop`),
  secret('hunter22', (v) => `redis://:${v}@cache:6379`),
  secret('Tr0ub4dor&3', (v) => `password: "${v}"`),
  secret('Summer2026!', (v) => `DB_PASSWORD=${v}`),
  secret('p4ssw0rd99', (v) => `mysqladmin --password=${v} ping`),
  secret(r(32, HEX, 5), (v) => `API_KEY = "${v}"`),
  secret(r(32, ALPHANUMERIC, 6), (v) => `{"apiKey":"${v}"}`),
  secret(r(64, HEX, 4), (v) => `session_secret: ${v}`),
  secret(r(44, BASE64, 3), (v) => `ENCRYPTION_KEY=${v}`),
  secret(
    `${r(86, BASE64, 2)}==`,
    (v) => `DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=${v};EndpointSuffix=core.windows.net`,
  ),
  secret(r(24, ALPHANUMERIC, 11), (v) => String.raw`"env":"{\"CLIENT_SECRET\":\"${v}\"}"`),
  // What no rule finds: words, in prose or without a name beside them.
  secret('open sesame', (v) => `The password of the staging server is "${v}".`),
  secret('letmein', (v) => `sshpass -p ${v} ssh deploy@build`),
  secret(r(20, ALPHANUMERIC, 12), (v) => `I put ${v} into the vault.`),
];

export const IDENTITIES: readonly SensitiveLine[] = [
  reveals('email', 'ada.lovelace@acme.com', (v) => `Author: <${v}>`),
  reveals('email', 'ada+ci@mail.acme.co.uk', (v) => `git config user.email ${v}`),
  reveals('email', 'grace_hopper@navy.mil', (v) => `{"email":"${v}","role":"admin"}`),
  reveals('email', 'ops@acme.io', (v) => `mailto:${v}`),
  reveals('name', 'Grace Hopper', (v) => `Co-Authored-By: ${v} <noreply@acme.com>`),
  reveals('name', 'Ada Lovelace', (v) => `${v} wrote this in March.`),
  reveals('name', 'acme-billing', (v) => `npm run build -w ${v}`),
  reveals('name', 'alovelace', (v) => `drwxr-xr-x 12 ${v} staff 384 Jan 15 12:00 src`),
  reveals('path', '/home/alovelace', (v) => `cd ${v}/work/acme && ls`),
  reveals('path', '/Users/grace', (v) => `  at run (file://${v}/secret-project/src/index.ts:10:5)`),
  reveals('path', '/home/grace', (v) => `"cwd":"${v}"`),
  reveals('path', 'merger-plan', (v) => `cat ~/Documents/${v}/notes.md`),
  reveals('path', String.raw`\Users\Grace`, (v) => String.raw`PS C:${v}\source> dir`),
  reveals('path', String.raw`Users\\Grace`, (v) => String.raw`{"path":"C:\\${v}\\x.ts"}`),
  reveals('path', 'project-falcon', (v) => `/srv/${v}/deploy.sh`),
  reveals('path', 'orion', (v) => `/mnt/c/Users/${v}/repo`),
  reveals('path', 'titan', (v) => `-v /opt/${v}:/data`),
  reveals('path', String.raw`\\fileserver\finance`, (v) => String.raw`net use Z: ${v}`),
  reveals('host', 'git.acme.corp', (v) => `git clone https://${v}/platform/billing.git`),
  reveals('host', 'github.acme.com', (v) => `git@${v}:platform/billing.git`),
  reveals('host', 'db-01.prod.acme.internal', (v) => `psql -h ${v} -U postgres`),
  reveals('host', '10.20.30.40', (v) => `ssh deploy@${v}`),
  reveals('host', '203.0.113.9', (v) => `${v} - - [15/Jan/2026:12:00:00] "GET / HTTP/1.1" 200`),
  reveals('host', '2001:db8:85a3::8a2e:370:7334', (v) => `listen on ${v}`),
  reveals('host', 'billing.acme.io', (v) => `The API at ${v} answers 503.`),
  reveals('host', 'nas.local', (v) => `ping ${v}`),
  reveals('host', 'jenkins', (v) => `curl http://${v}:8080/job/build`),
  // What no rule finds: a host without a domain.
  reveals('host', 'buildbox7', (v) => `ssh ${v}`),
];
