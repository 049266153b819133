import { createHash } from 'node:crypto';
import { createTransport } from 'nodemailer';
import type { WrappedSettings } from '../open-wrapped.ts';

export interface Mail {
  readonly to: string;
  /** The same for each attempt to send the same thing. */
  readonly key: string;
  readonly subject: string;
  readonly text: string;
  readonly picture: { readonly name: string; readonly bytes: Buffer };
}

const CONNECT_MS = 5000;
const SILENCE_MS = 10_000;

/** Undefined if no server for mail is configured. */
export function mailer({
  OPENSYNC_SMTP_URL: url,
  OPENSYNC_SMTP_FROM: from,
}: Pick<WrappedSettings, 'OPENSYNC_SMTP_URL' | 'OPENSYNC_SMTP_FROM'>): ((mail: Mail) => Promise<void>) | undefined {
  if (url === undefined) return undefined;
  return async ({ to, key, subject, text, picture }) => {
    const transport = createTransport({
      url,
      connectionTimeout: CONNECT_MS,
      greetingTimeout: CONNECT_MS,
      socketTimeout: SILENCE_MS,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    try {
      await transport.sendMail({
        ...{ from, to, subject, text },
        messageId: `<${createHash('sha256').update(key).digest('hex').slice(0, 32)}@opensync>`,
        attachments: [{ filename: picture.name, content: picture.bytes, contentType: 'image/png' }],
      });
    } catch (error) {
      // Servers repeat addresses and passwords in their answers. The code says enough, and a cause might be logged.
      const { code, responseCode } = error as { code?: string; responseCode?: number };
      throw new Error(
        `the mail server ${responseCode === undefined ? `fails: ${code ?? 'no reason'}` : `answered ${responseCode}`}`,
      );
    } finally {
      transport.close();
    }
  };
}
