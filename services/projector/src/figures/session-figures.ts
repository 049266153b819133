import {
  addAmount,
  FigureSum,
  firstQuarterOf,
  dayOfQuarter,
  quarterOf,
  RESPONSE_AMOUNTS,
  sessionView,
  shorten,
  type Figures,
  type ResponseAmount,
  type SessionState,
  type SessionView,
} from '@opensync/contracts';
import type { MessageUsage, SessionUsage, ToolMoment } from '@opensync/stores';
import { rate, type PriceTable, type Usage } from '../rating/index.ts';

/** More quarters than this become days, so that what is stored of a session stays small. */
const MOST_QUARTERS = 4000;
/** Tools of a session in one period. */
const MOST_TOOLS = 40;
const MOST_TOOLS_OF_DAYS = 8;
const LONGEST_NAME = 200;

const TOKENS = RESPONSE_AMOUNTS.filter((name) => name !== 'cost') as Exclude<ResponseAmount, 'cost'>[];

/** A provider's response: messages with the same request id together, with the highest of each amount. */
interface Response extends Record<ResponseAmount, number> {
  readonly at: number;
  model: string | null;
  provider: string | null;
}

/**
 * What a session adds to the figures, by quarter of an hour. Its sums are those of its view: what it reports itself counts,
 * and its messages say when and with which model. What they lack is added when the session began; what they exceed is
 * left out, the last first. Pure.
 */
export function sessionFigures(
  session: SessionState,
  { messages, tools }: Pick<SessionUsage, 'messages' | 'tools'>,
  prices: PriceTable,
): ReadonlyMap<number, Figures> {
  const view = sessionView(session);
  const moments = new Moments(view);
  const begin = moments.at(view.createdAt, view.model, view.provider);
  begin.add('sessions', 1);
  begin.add('durationMs', view.durationMs);
  begin.addLength(lengthOf(view), view.messageCount);

  const counted = Math.min(messages.length, view.messageCount);
  for (const { createdAt, model, provider } of messages.slice(0, counted)) {
    moments.at(createdAt, model ?? view.model, provider ?? view.provider).add('messages', 1);
  }
  begin.add('messages', view.messageCount - counted);

  const responses = responsesOf(messages);
  const reported = new Remainder(session.fields.cost ? micros(session.fields.cost) : Infinity);
  const left = Object.fromEntries(TOKENS.map((name) => [name, new Remainder(view[name])])) as Record<
    (typeof TOKENS)[number],
    Remainder
  >;
  const leftTotal = new Remainder(view.totalTokens);
  for (const response of responses) {
    const moment = moments.at(response.at, response.model ?? view.model, response.provider ?? view.provider);
    for (const name of TOKENS) moment.add(name, left[name].take(response[name]));
    moment.add('totalTokens', leftTotal.take(totalOf(response)));
    if (response.cost > 0) moment.add('reportedMicros', reported.take(micros(response.cost)));
    else if (!session.fields.cost) addRated(moment, response, response.at, prices);
  }
  const rest = Object.fromEntries(TOKENS.map((name) => [name, left[name].rest])) as unknown as Usage;
  for (const name of TOKENS) begin.add(name, rest[name]);
  begin.add('totalTokens', leftTotal.rest);
  if (session.fields.cost) begin.add('reportedMicros', reported.rest);
  else addRated(begin, rest, view.createdAt, prices, false);

  addTools(moments, begin, view, tools);
  return moments.figures();
}

/** How long people and models worked on it: as reported, otherwise from its first to its last message. */
function lengthOf({ durationMs, firstActivityAt, lastActivityAt }: SessionView): number {
  return durationMs || (lastActivityAt ?? 0) - (firstActivityAt ?? 0);
}

function addRated(moment: Moment, usage: Usage, at: number, prices: PriceTable, isRequest = true): void {
  const total = totalOf(usage);
  if (total === 0) return;
  const known = moment.model === null ? undefined : prices.pricesOf(moment.provider, moment.model, at);
  const cost = known && rate(usage, known, { isRequest });
  if (cost === undefined) moment.add('unpricedTokens', total);
  else moment.add('computedMicros', cost);
}

function addTools(moments: Moments, begin: Moment, view: SessionView, tools: readonly ToolMoment[]): void {
  const names = new Map(tools.flatMap(({ kind, callId, name }) => (kind === 'call' && callId ? [[callId, name]] : [])));
  // A failure is in the call or in its result, sometimes in both.
  const failed = new Set<string>();
  const left = new Remainder(view.toolCallCount);
  for (const { at, kind, name, callId, failed: isFailed } of tools) {
    const moment = moments.at(at, null, null, false);
    if (kind === 'call') {
      moment.addTool(name, 'toolCalls', 1);
      moment.add('toolCalls', left.take(1));
    }
    if (!isFailed || (callId !== null && failed.has(callId))) continue;
    if (callId !== null) failed.add(callId);
    moment.addTool(name ?? (callId === null ? null : (names.get(callId) ?? null)), 'toolErrors', 1);
    moment.add('toolErrors', 1);
  }
  begin.add('toolCalls', left.rest);
}

/** In the order in which they began. */
function responsesOf(messages: readonly MessageUsage[]): readonly Response[] {
  const responses: Response[] = [];
  const byRequest = new Map<string, Response>();
  for (const { requestId, createdAt, model, provider, ...amounts } of messages) {
    const known = requestId === null ? undefined : byRequest.get(requestId);
    if (known) {
      for (const name of RESPONSE_AMOUNTS) known[name] = Math.max(known[name], amounts[name]);
      known.model ??= model;
      known.provider ??= provider;
      continue;
    }
    const response = { at: createdAt, model, provider, ...amounts };
    responses.push(response);
    if (requestId !== null) byRequest.set(requestId, response);
  }
  return responses;
}

/** As `totalTokens` of a session's view. */
function totalOf({
  promptTokens,
  completionTokens,
  cacheReadTokens,
  cacheWriteTokens,
  reasoningTokens,
}: Usage): number {
  return Math.max(promptTokens, cacheReadTokens + cacheWriteTokens) + Math.max(completionTokens, reasoningTokens);
}

function micros(dollars: number): number {
  return Math.round(dollars * 1e6);
}

/** What is left of an amount. */
class Remainder {
  rest: number;

  constructor(amount: number) {
    this.rest = amount;
  }

  take(amount: number): number {
    const taken = Math.min(amount, this.rest);
    this.rest -= taken;
    return taken;
  }
}

/** The figures of a session by quarter of an hour. */
class Moments {
  readonly #view: SessionView;
  readonly #project: string;
  readonly #sums = new Map<number, FigureSum>();

  constructor(view: SessionView) {
    this.#view = view;
    this.#project = view.projectName ?? lastSegment(view.projectPath) ?? '';
  }

  at(ms: number, model: string | null, provider: string | null, isOfModel = true): Moment {
    const quarter = quarterOf(ms);
    let sum = this.#sums.get(quarter);
    if (!sum) this.#sums.set(quarter, (sum = new FigureSum()));
    const named = [sum.named('sources', nameOf(this.#view.source)), sum.named('projects', nameOf(this.#project))];
    if (isOfModel) named.push(sum.named('models', nameOf(model)), sum.named('providers', nameOf(provider)));
    return new Moment(sum, named, model, provider);
  }

  figures(): ReadonlyMap<number, Figures> {
    if (this.#sums.size <= MOST_QUARTERS) {
      return new Map([...this.#sums].map(([quarter, sum]) => [quarter, sum.figures(MOST_TOOLS)]));
    }
    const days = new Map<number, FigureSum>();
    for (const quarter of [...this.#sums.keys()].sort((a, b) => a - b)) {
      const day = firstQuarterOf(dayOfQuarter(quarter));
      let sum = days.get(day);
      if (!sum) days.set(day, (sum = new FigureSum()));
      sum.add(this.#sums.get(quarter)!.figures(MOST_TOOLS));
    }
    return new Map([...days].map(([day, sum]) => [day, sum.figures(MOST_TOOLS_OF_DAYS)]));
  }
}

/** Where an amount counts: a period, and the names that it has there. */
class Moment {
  readonly model: string | null;
  readonly provider: string | null;
  readonly #sum: FigureSum;
  readonly #named: readonly number[][];

  constructor(sum: FigureSum, named: readonly number[][], model: string | null, provider: string | null) {
    this.#sum = sum;
    this.#named = named;
    this.model = model;
    this.provider = provider;
  }

  add(name: Parameters<typeof addAmount>[1], amount: number): void {
    if (amount === 0) return;
    addAmount(this.#sum.totals, name, amount);
    for (const amounts of this.#named) addAmount(amounts, name, amount);
  }

  addLength(durationMs: number, messages: number): void {
    this.#sum.addSession(durationMs, messages);
  }

  addTool(tool: string | null, name: 'toolCalls' | 'toolErrors', amount: number): void {
    addAmount(this.#sum.named('tools', nameOf(tool)), name, amount);
  }
}

/** Paths name people's folders; the last segment is what they call the project. */
function lastSegment(path: string | null): string | undefined {
  return path?.split(/[\\/]+/).findLast((segment) => segment !== '');
}

function nameOf(name: string | null): string {
  return name === null ? '' : shorten(name, LONGEST_NAME);
}
