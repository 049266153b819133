import { CALL_IDS, isPersons, UNNAMED_TOOL, type MessageView, type Owner, type PartView } from '@opensync/contracts';
import { mediaUrl } from '../content/media-link.ts';
import type { PayloadReader } from '../resources.ts';
import { MessageContents } from './contents.ts';
import type { ExportMessage, ExportRole, Json, MediaItem, ToolCall, ToolResult } from './record.ts';

/** A message with its contents. */
export async function readMessage(payloads: PayloadReader, owner: Owner, view: MessageView): Promise<ExportMessage> {
  const { text, media, parts, sessionId, role: sentRole, ...fields } = view;
  const contents = new MessageContents(payloads, owner, sessionId);
  const own = text === null ? '' : typeof text === 'string' ? text : await contents.text(text);
  const found = new Parts();
  for (const part of parts) found.add(part, await bodyOf(part, contents), await extraOf(part, contents), sessionId);
  const words = own === '' ? found.texts.join('\n') : contents.withLinks(own, media);
  const role = roleOf(sentRole, found);
  return {
    ...fields,
    sentRole: sentRole.toLowerCase(),
    role,
    text: words,
    reasoning: found.reasoning.join('\n\n'),
    toolCalls: found.calls,
    toolResults: found.results,
    media: [...found.media, ...(media ?? []).map((reference) => mediaItem(reference, sessionId))],
    others: found.others,
    extras: found.extras,
    shortened: contents.shortened,
  };
}

async function bodyOf({ content, contentRef, media }: PartView, contents: MessageContents): Promise<Json> {
  const body = contentRef ? await contents.json(contentRef) : (content ?? null);
  return contents.jsonWithLinks(body, media);
}

async function extraOf({ extra, extraRef, media }: PartView, contents: MessageContents): Promise<Json | undefined> {
  const body = extraRef ? await contents.json(extraRef) : extra;
  return body === undefined ? undefined : contents.jsonWithLinks(body, media);
}

class Parts {
  readonly texts: string[] = [];
  readonly reasoning: string[] = [];
  readonly calls: ToolCall[] = [];
  readonly results: ToolResult[] = [];
  readonly media: MediaItem[] = [];
  readonly others: Json[] = [];
  readonly extras: { type: string; extra: Json }[] = [];

  add(part: PartView, content: Json, extra: Json | undefined, sessionId: string): void {
    switch (part.type) {
      case 'text':
      case 'reasoning': {
        const list = part.type === 'text' ? this.texts : this.reasoning;
        if (typeof content === 'string') {
          if (content !== '') list.push(content);
        } else this.others.push(content);
        if (extra !== undefined) this.extras.push({ type: part.type, extra });
        return;
      }
      case 'tool-call':
        return void this.calls.push(this.#call(content, part.id));
      case 'tool-result':
        return void this.results.push(resultOf(content));
      case 'media': {
        const item = fileOf(content, part, sessionId);
        if (item) this.media.push(item);
        else this.others.push(content);
        return;
      }
      default:
        this.others.push(content);
    }
  }

  #call(content: Json, partId: string): ToolCall {
    if (!isObject(content)) return { id: partId, name: UNNAMED_TOOL, args: content };
    const { toolName, args = {}, result, ...others } = content;
    const given = callId(others);
    const id = given === undefined || this.calls.some((call) => call.id === given) ? partId : given;
    const extra = without(others, id);
    return {
      id,
      name: typeof toolName === 'string' ? toolName : UNNAMED_TOOL,
      args,
      ...(result !== undefined && { result: { content: result, ...errorOf(others) } }),
      ...(extra && { extra }),
    };
  }
}

function resultOf(content: Json): ToolResult {
  // A result without other fields is stored alone.
  if (!isObject(content) || content.result === undefined) return { content };
  const { result, ...others } = content;
  const id = callId(others);
  const extra = without(others, id);
  return { content: result!, callId: id, ...errorOf(others), ...(extra && { extra }) };
}

function callId(fields: { readonly [name: string]: Json | undefined }): string | undefined {
  const name = CALL_IDS.find((candidate) => typeof fields[candidate] === 'string' && fields[candidate] !== '');
  return name === undefined ? undefined : (fields[name] as string);
}

/** The other fields; undefined without any. */
function without(fields: { readonly [name: string]: Json | undefined }, id: string | undefined): Json | undefined {
  const rest = Object.entries(fields).filter(([name, value]) => !(CALL_IDS.includes(name) && value === id));
  return rest.length === 0 ? undefined : (Object.fromEntries(rest) as Json);
}

function errorOf({
  is_error: snake,
  isError: camel,
  error,
  status,
  state,
}: {
  readonly [name: string]: Json | undefined;
}): Pick<ToolResult, 'isError'> {
  const isError =
    snake === true ||
    camel === true ||
    [status, state].includes('error') ||
    (error !== undefined && error !== false && error !== '');
  return isError ? { isError } : {};
}

function fileOf(content: Json, { media }: PartView, sessionId: string): MediaItem | undefined {
  if (!isObject(content)) return undefined;
  const { mediaType, sha256, size, name, uri } = content;
  const type = typeof mediaType === 'string' ? mediaType : (media?.[0]?.mediaType ?? 'application/octet-stream');
  const url = typeof sha256 === 'string' ? mediaUrl(sessionId, sha256) : typeof uri === 'string' ? uri : undefined;
  if (url === undefined) return undefined;
  return {
    mediaType: type,
    ...(typeof name === 'string' && { name }),
    ...(typeof size === 'number' && { size }),
    url,
  };
}

function mediaItem(
  { mediaType, name, size, sha256 }: NonNullable<MessageView['media']>[number],
  sessionId: string,
): MediaItem {
  return { mediaType, ...(name !== undefined && { name }), size, url: mediaUrl(sessionId, sha256) };
}

/** A message of nothing but results is a tool's, whatever role its provider gives it. */
function roleOf(sent: string, { calls, results, texts }: Parts): ExportRole {
  if (results.length > 0 && calls.length === 0 && texts.length === 0) return 'tool';
  if (isPersons(sent)) return 'user';
  const role = sent.toLowerCase();
  if (role === 'system' || role === 'developer') return 'system';
  return role === 'tool' || role === 'function' || role === 'toolresult' ? 'tool' : 'assistant';
}

export function isObject(value: Json | undefined): value is { readonly [name: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
