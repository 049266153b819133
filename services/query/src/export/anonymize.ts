import { mapTexts, Pseudonyms } from '@opensync/redaction';
import type { Lineage } from './lineage.ts';
import type { ExportMessage, ExportSession, Json } from './record.ts';

/** Words that are the name of a folder or a project everywhere, and would be found in any text. */
const COMMON_NAMES =
  /^(?:web|api|app|apps|src|lib|test|tests|demo|main|core|docs?|code|work|home|root|user|users|admin|repo|site|server|client|frontend|backend|project|projects|workspace|opensync|tmp|temp|data|ubuntu|node|runner|vscode|default|unknown|example)$/i;
const HOME_USER = /^(?:[A-Za-z]:)?[\\/]+(?:home|users)[\\/]+([^\\/]+)/i;

/** It names the session. */
const MEDIA_LINK = /\/api\/sessions\/ses_\w{1,100}\/media\/[0-9a-f]{64}/g;

/** Replaces what identifies people, machines and projects in the sessions of an export. */
export class Anonymizer {
  readonly #key: Buffer;
  readonly #people: readonly string[];
  /** Of the session before, which most often is in the same project. */
  #last: { readonly about: string; readonly pseudonyms: Pseudonyms } | undefined;

  /**
   * @param key of the workspace
   * @param people names and addresses of its members
   */
  constructor(key: Buffer, people: Iterable<string>) {
    this.#key = key;
    this.#people = Array.from(people).filter((name) => name.length > 2 && !COMMON_NAMES.test(name));
  }

  session(session: ExportSession): ExportSession {
    const it = this.#pseudonymsFor(session);
    const text = (value: string | null) => (value === null ? null : it.text(value));
    return {
      ...session,
      id: it.id('ses_', session.id),
      externalId: it.id('', session.externalId),
      parentId: session.parentId === null ? null : it.id('ses_', session.parentId),
      forkedFromId: session.forkedFromId === null ? null : it.id('ses_', session.forkedFromId),
      userId: it.id('usr_', session.userId),
      title: text(session.title),
      projectName: session.projectName === null ? null : it.of('name', session.projectName),
      projectPath: session.projectPath === null ? null : it.of('path', session.projectPath),
      evalNotes: text(session.evalNotes),
      expectedOutput: text(session.expectedOutput),
      evalTags: session.evalTags.map((tag) => it.text(tag)),
      model: text(session.model),
      endReason: text(session.endReason),
    };
  }

  lineage({ subagents, isCopied }: Lineage, session: ExportSession): Lineage {
    const it = this.#pseudonymsFor(session);
    return {
      subagents: subagents.map(({ id, externalId, startedAt }) => ({
        ...{ id: it.id('ses_', id), externalId: it.id('', externalId), startedAt },
      })),
      isCopied,
    };
  }

  message(message: ExportMessage, session: ExportSession): ExportMessage {
    const it = this.#pseudonymsFor(session);
    const text = (value: string) => it.text(value.replace(MEDIA_LINK, '[media]'));
    const json = (value: Json) => mapTexts(value, text) as Json;
    return {
      ...message,
      id: it.id('msg_', message.id),
      externalId: it.id('', message.externalId),
      text: text(message.text),
      reasoning: text(message.reasoning),
      toolCalls: message.toolCalls.map(({ id, name, args, result, extra }) => ({
        id: it.id('call_', id),
        name: text(name),
        args: json(args),
        ...(result && { result: resultWith(result, json, (callId) => it.id('call_', callId)) }),
        ...(extra !== undefined && { extra: json(extra) }),
      })),
      toolResults: message.toolResults.map((result) => resultWith(result, json, (callId) => it.id('call_', callId))),
      // A link would name the session, and a picture may show anything.
      media: message.media.map(({ mediaType, size }) => ({ mediaType, ...(size !== undefined && { size }) })),
      others: message.others.map(json),
      // Signatures and hints of providers hold ids, and no words that anybody wrote.
      extras: [],
    };
  }

  #pseudonymsFor({ projectName, projectPath }: ExportSession): Pseudonyms {
    const about = JSON.stringify([projectName, projectPath]);
    if (this.#last?.about === about) return this.#last.pseudonyms;
    const folder = projectPath
      ?.split(/[\\/]+/)
      .filter(Boolean)
      .at(-1);
    const own = [projectName, folder, projectPath === null ? undefined : HOME_USER.exec(projectPath)?.[1]];
    const distinct = own.filter((name) => name != null && name.length > 2 && !COMMON_NAMES.test(name)) as string[];
    const pseudonyms = new Pseudonyms(this.#key, [...this.#people, ...distinct]);
    this.#last = { about, pseudonyms };
    return pseudonyms;
  }
}

function resultWith(
  result: ExportMessage['toolResults'][number],
  json: (value: Json) => Json,
  idOf: (callId: string) => string,
): ExportMessage['toolResults'][number] {
  const { content, callId, isError, extra } = result;
  return {
    content: json(content),
    ...(callId !== undefined && { callId: idOf(callId) }),
    ...(isError && { isError }),
    ...(extra !== undefined && { extra: json(extra) }),
  };
}
