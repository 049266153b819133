import { once } from 'node:events';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { Settings } from '../config.ts';
import { parseNatsServers } from '../nats-servers.ts';
import { gauge, type Registry } from './metrics.ts';
import { METRIC } from './names.ts';

/** The settings that may name servers with TLS. */
const CERTIFICATE_SETTINGS = [
  'NATS_URL',
  'MONGODB_URL',
  'ELASTICSEARCH_URL',
  'QDRANT_URL',
  'OPENSYNC_LOGIN_URL',
] as const satisfies (keyof Settings)[];
type CertificateSetting = (typeof CERTIFICATE_SETTINGS)[number];

interface TlsServer {
  readonly host: string;
  readonly port: number;
  /** A NATS server speaks first, and then changes to TLS. */
  readonly greets: boolean;
}

const ANSWER_MS = 3000;
/** Scrapes within this time share an answer: certificates last for weeks. */
const FRESH_MS = 10 * 60_000;

/**
 * Shows when the certificates of the servers that the settings name expire; the earliest one of each setting. It looks
 * when the metrics are read. A server that does not answer, or without TLS, shows nothing.
 */
export function observeCertificates(metrics: Registry, settings: Partial<Settings>): void {
  const servers = CERTIFICATE_SETTINGS.map((setting) => [setting, tlsServersOf(setting, settings[setting])] as const);
  let expiries: Promise<{ value: number; labels: { setting: string } }[]> | undefined;
  let lookedAt = -Infinity;
  const look = async () => {
    const found = await Promise.all(
      servers.map(async ([setting, hosts]) => {
        const dates = (await Promise.allSettled(hosts.map(expiryOf))).flatMap((outcome) =>
          outcome.status === 'fulfilled' ? outcome.value : [],
        );
        return dates.length === 0 ? [] : [{ value: Math.min(...dates) / 1000, labels: { setting } }];
      }),
    );
    return found.flat();
  };
  gauge(metrics, METRIC.certificateExpiry, () => {
    if (!expiries || performance.now() - lookedAt > FRESH_MS) {
      expiries = look();
      lookedAt = performance.now();
    }
    return expiries;
  });
}

/** The servers of a setting that are reached with TLS. */
export function tlsServersOf(setting: CertificateSetting, value: string | undefined): TlsServer[] {
  if (!value) return [];
  if (setting === 'MONGODB_URL') return mongodbServersOf(value);
  if (setting === 'NATS_URL') {
    const encrypted = (parseNatsServers(value) ?? []).filter(({ tls }) => tls);
    return encrypted.map(({ address }) => ({ ...placeOf(address, 4222), greets: true }));
  }
  return value.startsWith('https:') ? [{ ...placeOf(value, 443), greets: false }] : [];
}

function placeOf(address: string, usualPort: number): { host: string; port: number } {
  const { hostname, port } = new URL(address);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || usualPort) };
}

/** The hosts behind `mongodb+srv:` are in DNS; its operator watches their certificates. */
function mongodbServersOf(value: string): TlsServer[] {
  const [, hosts, query = ''] = /^mongodb:\/\/(?:[^@/?]*@)?([^/?]+)[^?]*\??(.*)$/.exec(value) ?? [];
  const parameters = new URLSearchParams(query);
  if (!hosts || ![parameters.get('tls'), parameters.get('ssl')].includes('true')) return [];
  return hosts.split(',').map((text) => ({ ...placeOf(`mongodb://${text}`, 27017), greets: false }));
}

/** Milliseconds since the epoch. Only the handshake takes place: nothing is sent, so the certificate need not be trusted. */
async function expiryOf({ host, port, greets }: TlsServer): Promise<number> {
  const ended = new AbortController();
  const signal = AbortSignal.any([AbortSignal.timeout(ANSWER_MS), ended.signal]);
  const sockets: (Socket | TLSSocket)[] = [];
  const opened = <S extends Socket>(socket: S): S => {
    sockets.push(socket);
    return socket.once('close', () => ended.abort());
  };
  try {
    const plain = greets ? opened(connectTcp({ host, port })) : undefined;
    if (plain) {
      await once(plain, 'data', { signal });
    }
    const secure = opened(
      connectTls({
        ...(plain ? { socket: plain } : { host, port }),
        ...(isIP(host) === 0 && { servername: host }),
        rejectUnauthorized: false,
      }),
    );
    await once(secure, 'secureConnect', { signal });
    return Date.parse(secure.getPeerCertificate().valid_to);
  } finally {
    // The encrypted one ends the one below it.
    for (const socket of sockets.slice(-1)) socket.on('error', () => undefined).destroy();
  }
}
