/**
 * Names with inner capitals that people say as one word. An identifier that contains one is split around it
 * (`GitHubToken` is `github token`); in every other identifier neighbouring parts are also indexed as one word (see
 * identifiers.ts), so that an unlisted name is found too, only not within a phrase. Lower case.
 */
const NAMES = `
  adblock airtable angularjs apollographql apparmor arangodb asyncio autocad backbonejs bigquery bitbucket bittorrent
  bluetooth chatgpt circleci clickhouse clickup cloudflare cloudformation cloudfront cloudwatch cockroachdb codepen
  commonjs coreml couchdb createjs databricks datadog datagrip devops devtools digitalocean docusign dropbox duckdb
  duckduckgo dynamodb ebay elasticsearch esbuild eslint facebook fastapi ffmpeg filezilla firefox freebsd geojson
  github gitlab gitops google graphql grpc haproxy headless hubspot imessage influxdb instagram intellij ios ipad ipados
  iphone ipod ipv4 ipv6 itunes javafx javascript jetbrains jquery junit keycloak kubectl latex libreoffice linkedin
  localhost lodash macbook macos mariadb mastodon metamask minio mobx mongodb mysql netbsd netbeans nextjs nodejs numpy
  oauth openai openapi opencv opengl openid openshift openssl openstack opentelemetry opensync openvpn outlook
  pagerduty paypal phonegap phpunit playstation plpgsql postgis postgresql postscript powerbi powerpoint powershell
  pycharm pypi pytorch rabbitmq reactjs redhat rocksdb rstudio rubygems safari salesforce scikit sendgrid servicenow
  sharepoint signalr skype soundcloud sourceforge springboot sqlalchemy sqlite sqlserver stackoverflow steamos
  subversion surrealdb swiftui tailwindcss teamcity tensorflow terraform testflight tiktok timescaledb typescript
  unrealengine virtualbox vmware vscode vuejs watchos webassembly webgl webgpu webhook webkit webrtc websocket webview
  whatsapp wireguard woocommerce wordpress xcode xgboost youtrack youtube yugabytedb zigbee
`;
const KNOWN: ReadonlySet<string> = new Set(NAMES.trim().split(/\s+/));
/** Of a name as it is written: `La Te X`, `i Pad OS`. */
const MOST_PIECES = 3;
/** In UTF-16, with a number of some digits. */
const LONGEST = 18;

/** How many of the pieces from `at` on are one name, the last one maybe with a number behind it; 0 if none. */
export function piecesOfName(pieces: readonly string[], at: number): number {
  let name = pieces[at]!;
  let found = 0;
  for (let next = at + 1; next < pieces.length && next < at + MOST_PIECES; next += 1) {
    name += pieces[next];
    if (name.length > LONGEST) break;
    const known = name.toLowerCase();
    if (KNOWN.has(known) || KNOWN.has(known.replace(/\d+$/, ''))) found = next + 1 - at;
  }
  return found;
}
