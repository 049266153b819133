import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { mailer, type Mail } from './mail.ts';

const HOST = '127.0.0.1';
const MAIL: Mail = {
  to: 'ada@example.com',
  key: 'wsp.usr.2026-11-29',
  subject: 'Your day\r\nBcc: eve@example.com',
  text: 'Twelve sessions, and «quotes» from אדה',
  picture: { name: 'day.png', bytes: Buffer.from('89504e470d0a1a0a', 'hex') },
};

interface Received {
  readonly commands: string[];
  message: string;
}

/** How a mail server answers each command; what is not named is accepted. */
type Answers = Readonly<Record<string, string>>;

/** As much of SMTP (RFC 5321) as one mail needs. */
function converse(socket: Socket, answers: Answers, received: Received): void {
  const say = (line: string) => socket.write(`${line}\r\n`);
  let text = '';
  let isData = false;
  say('220 mail.example.com');
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
    for (;;) {
      const end = text.indexOf(isData ? '\r\n.\r\n' : '\r\n');
      if (end < 0) return;
      const line = text.slice(0, end);
      text = text.slice(end + (isData ? 5 : 2));
      if (isData) {
        isData = false;
        received.message = line;
        say('250 accepted');
        continue;
      }
      received.commands.push(line);
      const verb = line.split(/[ :]/, 1)[0]!.toUpperCase();
      const usual = {
        EHLO: '250-mail.example.com\r\n250 AUTH PLAIN',
        DATA: '354 go on',
        QUIT: '221 bye',
        AUTH: '235 ok',
      };
      const answer = answers[verb] ?? (usual as Answers)[verb] ?? '250 ok';
      isData = verb === 'DATA' && answer.startsWith('354');
      say(answer);
      if (verb === 'QUIT') socket.end();
    }
  });
}

describe('mail', () => {
  let server: Server;
  let answers: Answers | 'silence';
  let received: Received;
  let url: string;
  const sockets = new Set<Socket>();
  beforeEach(async () => {
    answers = {};
    received = { commands: [], message: '' };
    server = createServer((socket) => {
      sockets.add(socket.once('close', () => sockets.delete(socket)));
      if (answers !== 'silence') converse(socket, answers, received);
    });
    await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
    url = `smtp://opensync:sesame@${HOST}:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const send = (mail = MAIL, target = url) =>
    mailer({ OPENSYNC_SMTP_URL: target, OPENSYNC_SMTP_FROM: 'opensync@example.com' })!(mail);
  const headers = () => received.message.slice(0, received.message.indexOf('\r\n\r\n'));

  it('arrives with its text, its picture and who it is from, over an authenticated connection', async () => {
    await send();
    // How it says goodbye is its own affair.
    expect(received.commands.slice(0, 5)).toEqual([
      expect.stringMatching(/^EHLO /),
      `AUTH PLAIN ${Buffer.from('\0opensync\0sesame').toString('base64')}`,
      'MAIL FROM:<opensync@example.com>',
      'RCPT TO:<ada@example.com>',
      'DATA',
    ]);
    expect(headers()).toMatch(/^From: opensync@example\.com$/m);
    expect(received.message).toContain('Content-Type: image/png; name=day.png');
    expect(received.message).toContain(MAIL.picture.bytes.toString('base64'));
    const quoted = received.message
      .replaceAll(/=\r\n/g, '')
      .replaceAll(/=([0-9A-F]{2})/g, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16)));
    expect(Buffer.from(quoted, 'latin1').toString()).toContain(MAIL.text);
  });

  it('names no other recipient, whatever the subject holds', async () => {
    await send();
    expect(received.commands.filter((line) => line.startsWith('RCPT'))).toHaveLength(1);
    expect(headers()).not.toMatch(/^Bcc:/im);
    expect(headers()).toMatch(/^Subject: Your day Bcc: eve@example\.com$/m);
  });

  it('has one id for all attempts, so that a mailbox can tell a repetition', async () => {
    const ids: string[] = [];
    for (const key of [MAIL.key, MAIL.key, 'wsp.usr.2026-11-30']) {
      await send({ ...MAIL, key });
      ids.push(/^Message-ID: <([0-9a-f]{32}@opensync)>$/m.exec(headers())![1]!);
    }
    expect(ids[0]).toBe(ids[1]);
    expect(ids[2]).not.toBe(ids[0]);
  });

  it.each<[string, Answers, string]>([
    ['an address', { RCPT: '550 5.1.1 no ada@example.com here' }, 'the mail server answered 550'],
    ['the password', { AUTH: '535 5.7.8 sesame is wrong' }, 'the mail server answered 535'],
    ['mail for now', { MAIL: '451 4.3.2 try later' }, 'the mail server answered 451'],
  ])('says with which code a server refused %s, and repeats nothing of its answer', async (_what, given, message) => {
    answers = given;
    await expect(send()).rejects.toThrow(new Error(message));
    expect(received.message).toBe('');
  });

  it('gives up on a server that is away or says nothing', async () => {
    answers = 'silence';
    await expect(send(MAIL, `${url}?greetingTimeout=50`)).rejects.toThrow('the mail server fails: ETIMEDOUT');
    await new Promise((resolve) => {
      for (const socket of sockets) socket.destroy();
      server.close(resolve);
    });
    await expect(send()).rejects.toThrow(/^the mail server fails: E(?:SOCKET|CONNREFUSED|CONNECTION)$/);
    server.listen(0, HOST);
  });

  it('is not sent without a server', () => {
    expect(mailer({ OPENSYNC_SMTP_URL: undefined, OPENSYNC_SMTP_FROM: 'opensync@example.com' })).toBeUndefined();
  });
});
