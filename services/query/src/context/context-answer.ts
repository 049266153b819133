import type { Positions } from '@opensync/contracts';
import type { Side } from '../search/sides.ts';
import type { ContextRequest } from './context-request.ts';
import { copiesByMessage, copiesOf, type PassageCopies } from './count-copies.ts';
import type { FoundMessages } from './find-messages.ts';
import { OMISSIONS, type Omission, type OmissionReason, type Passage } from './passage.ts';
import { block, linkTo, opening, quotation, roleForModel } from './render.ts';

/** Where a passage is from. */
export interface Citation {
  /** 1 is the best passage. */
  readonly rank: number;
  readonly sessionId: string;
  readonly title: string | null;
  readonly projectName: string | null;
  readonly source: string;
  readonly model: string | null;
  readonly messages: readonly {
    readonly id: string;
    readonly role: string;
    readonly position: string;
    readonly createdAt: number;
  }[];
  /** Of the message that was found. */
  readonly createdAt: number;
  readonly link: string;
  /** Messages that say the same and are not quoted. */
  readonly copies?: PassageCopies;
}

interface About {
  readonly sessionCount: number;
  /** Of the whole text, with citations and markers. */
  readonly tokens: number;
  readonly omitted: readonly Omission[];
  /** What the reasons mean, those that occur. */
  readonly reasons?: Readonly<Partial<Record<OmissionReason, string>>>;
  readonly degraded?: readonly Side[];
  readonly partial?: true;
  /** Nothing is close in meaning: no passage was found by meaning. */
  readonly noCloseMatch?: true;
}

export interface TextContext extends About {
  readonly text: string;
  readonly citations: readonly Citation[];
}

export interface MessagesContext extends About {
  readonly messages: readonly {
    readonly role: 'user' | 'assistant';
    readonly content: string;
    readonly metadata: {
      readonly sessionId: string;
      readonly sessionTitle?: string;
      readonly messageId: string;
      /** As it is stored. */
      readonly role: string;
      readonly rank: number;
    };
  }[];
  readonly citations: readonly Citation[];
}

export interface PassagesContext extends About {
  readonly context: readonly {
    readonly rank: number;
    readonly sessionId: string;
    readonly title: string | null;
    readonly content: string;
    readonly score: number;
    readonly messageIds: readonly string[];
    readonly citation: Citation;
  }[];
}

export type ContextAnswer = TextContext | MessagesContext | PassagesContext;

export interface RankedPassage {
  readonly passage: Passage;
  readonly rank: number;
}

/** The passages, in the order in which they are to be read, in the form of the request. Pure. */
export function contextAnswer(
  { query, format }: Pick<ContextRequest, 'query' | 'format'>,
  chosen: {
    readonly ranked: readonly RankedPassage[];
    readonly omitted: readonly Omission[];
    readonly marker: string;
    readonly tokens: number;
    readonly positions: Positions;
  } & Pick<FoundMessages, 'degraded' | 'words' | 'noCloseMatch'>,
): ContextAnswer {
  const { ranked, omitted, marker, tokens, positions, degraded, words, noCloseMatch } = chosen;
  const reasons = [...new Set(omitted.map(({ reason }) => reason))];
  const about: About = {
    sessionCount: new Set(ranked.map(({ passage }) => passage.session.id)).size,
    tokens,
    omitted,
    ...(reasons.length > 0 && { reasons: Object.fromEntries(reasons.map((reason) => [reason, OMISSIONS[reason]])) }),
    ...(degraded.size > 0 && { degraded: [...degraded].sort() }),
    ...(words.partial && { partial: true as const }),
    ...(noCloseMatch && { noCloseMatch }),
  };
  const copies = copiesByMessage(omitted);
  const citations = ranked.map((one) => citationOf(one, { positions, copies: copiesOf(one.passage, copies) }));
  if (format === 'json') {
    const context = ranked.map(({ passage, rank }, at) => ({
      rank,
      sessionId: passage.session.id,
      title: passage.session.title,
      content: quotation(passage.messages),
      score: passage.relevance,
      messageIds: passage.messages.map(({ id }) => id),
      citation: citations[at]!,
    }));
    return { context, ...about };
  }
  if (format === 'messages') return { messages: ranked.flatMap(messagesOf), citations, ...about };
  return { text: textOf(query, marker, ranked), citations, ...about };
}

function textOf(query: string, marker: string, ranked: readonly RankedPassage[]): string {
  const blocks = ranked.map(({ passage, rank }) => block(passage, { marker, rank }));
  return `${opening(query, marker)}${blocks.length === 0 ? 'No passages were found.' : blocks.join('')}`.trimEnd();
}

function citationOf(
  { passage, rank }: RankedPassage,
  { positions, copies }: { positions: Positions; copies: PassageCopies | undefined },
): Citation {
  const { session, messages, matched } = passage;
  const places = positions.places(session.id).encode(messages.map(({ place }) => place));
  return {
    rank,
    sessionId: session.id,
    title: session.title,
    projectName: session.projectName,
    source: session.source,
    model: session.model,
    messages: messages.map(({ id, role, place }, at) => ({
      ...{ id, role, position: places[at]!, createdAt: place.createdAt },
    })),
    createdAt: messages.find(({ id }) => id === matched)!.place.createdAt,
    link: linkTo(passage),
    ...(copies && { copies }),
  };
}

function messagesOf({ passage: { session, messages }, rank }: RankedPassage): MessagesContext['messages'] {
  return messages.map(({ id, role, text }) => ({
    role: roleForModel(role),
    content: text,
    metadata: {
      sessionId: session.id,
      ...(session.title !== null && { sessionTitle: session.title }),
      ...{ messageId: id, role, rank },
    },
  }));
}
