import type { KeyServiceClient } from '@opensync/event-log/key-service';
import type { KeyDirectory } from '@opensync/event-log/keys';
import type { LoginDirectory } from '@opensync/event-log/logins';
import type { Logger } from '@opensync/platform';
import type { IdentityProvider } from './providers/provider.ts';
import type { ProviderSessions } from './providers/sessions.ts';
import type { WorkosDirectory } from './workos/directory.ts';

/** What login needs. Also the token under which Nest injects it. The caller closes these. */
export abstract class LoginResources {
  abstract readonly keys: KeyDirectory;
  abstract readonly logins: LoginDirectory;
  /** Changes keys and members, which this service may not. */
  abstract readonly keyService: KeyServiceClient;
  /** Where else people can log in. */
  abstract readonly providers: readonly IdentityProvider[];
  abstract readonly sessions: ProviderSessions;
  abstract readonly workos:
    { readonly directory: WorkosDirectory; readonly webhookSecret: string | undefined } | undefined;
  /** See OPENSYNC_LOGIN_URL. */
  abstract readonly origin: string | undefined;
  /** See OPENSYNC_BASE_PATH: the root of this server for browsers, with a slash at its end. */
  abstract readonly basePath: string;
  /** Why nobody can log in here, as a sentence. */
  abstract readonly problem: string | undefined;
  abstract readonly logger: Logger;
}
