import type { KeyDirectory } from '@opensync/event-log/keys';
import type { LoginDirectory } from '@opensync/event-log/logins';

/** What login needs. Also the token under which Nest injects it. The caller closes these. */
export abstract class LoginResources {
  abstract readonly keys: KeyDirectory;
  abstract readonly logins: LoginDirectory;
  /** See OPENSYNC_LOGIN_URL. */
  abstract readonly origin: string | undefined;
  /** Why nobody can log in here, as a sentence. */
  abstract readonly problem: string | undefined;
}
