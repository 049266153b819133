import { startAllInOne } from './all-in-one.ts';
import type { Api } from './api.ts';
import { attachToCluster } from './cluster.ts';
import { attachToCompose } from './compose.ts';
import { ServicesTarget } from './services.ts';
import type { Status } from './status.ts';

/** How the product ended after an interrupt (Ctrl-C). */
export interface Ending {
  /** Exit code; null if a signal ended it. */
  readonly code: number | null;
  readonly tookMs: number;
  /** Commands of the processes it had started that still run. */
  readonly leftBehind: readonly string[];
}

/**
 * The running product as these tests see it, however it is deployed: an HTTP API, owners with keys, a log beneath,
 * and the ways in which its machines fail. Stopping it removes its data.
 */
export interface Target {
  /** Base URL of the API; restarts keep it. */
  readonly url: string;
  /** Whether other spec files write to it, too, so that its stores hold more than this one knows of. */
  readonly isShared?: boolean;
  /** The API with a key of its own for this owner; the same e-mail is the same owner. Default: in the workspace `default`. */
  api(email: string, workspace?: string): Promise<Api>;
  /** Takes the key of that API away. */
  revoke(api: Api): Promise<void>;
  /** What `opensync status` says of it. */
  status(): Promise<Status>;
  /** Where the event log answers, to go past the gateway. */
  log(): Promise<{ readonly servers: string; readonly token: string | undefined; readonly inboxPrefix?: string }>;
  /** Ends every process of the product with SIGKILL, at whatever they are. */
  kill(): Promise<void>;
  /** Starts what was killed or interrupted, on the same data; resolves when it serves. */
  start(): Promise<void>;
  /** Ends the server of the log with SIGKILL; its supervisor starts it again. Resolves when it serves again. */
  killLog(): Promise<void>;
  /** SIGINT to every process of the product, as Ctrl-C does; resolves when they have ended. */
  interrupt(): Promise<Ending>;
  stop(): Promise<void>;
}

/** Where the product runs; see e2e/suites.mjs. */
export type Deployment = 'all-in-one' | 'services' | 'compose' | 'cluster' | 'chart';

const TARGETS: Readonly<Record<Deployment, (settings?: NodeJS.ProcessEnv) => Promise<Target>>> = {
  'all-in-one': startAllInOne,
  services: (settings) => ServicesTarget.start(settings),
  compose: attachToCompose,
  cluster: attachToCluster,
  chart: attachToCluster,
};

/** The deployment that this run is about: the one that OPENSYNC_E2E_TARGET names, by default the all-in-one. */
export function deployment(): Deployment {
  const name = process.env.OPENSYNC_E2E_TARGET || 'all-in-one';
  if (!(name in TARGETS)) throw new Error(`OPENSYNC_E2E_TARGET: ${name} is none of ${Object.keys(TARGETS).join(', ')}`);
  return name as Deployment;
}

/**
 * The product, serving, without anything of this spec file's owners.
 * @param settings environment variables for its processes; containers that run already have their own
 */
export function startTarget(settings?: NodeJS.ProcessEnv): Promise<Target> {
  return TARGETS[deployment()](settings);
}
