import { isObject, withoutNulls, type Json, type JsonObject } from './json.ts';
import { toolNameIn } from './kinds.ts';

/** The name of a tool that was called without one. */
export const UNNAMED_TOOL = 'unknown';

/** Our names for what a tool call says, and those that plugins have, in the order in which they are believed. */
const CALL_FIELDS = {
  toolName: ['toolName', 'name', 'tool', 'tool_name'],
  args: [
    'args',
    'input',
    'arguments',
    'parameters',
    'rawInput',
    'action',
    'executableCode',
    'executable_code',
    'content',
  ],
  result: ['result', 'output'],
} as const;
/** Under which a call may hold what it says, the innermost last. */
const CALL_WRAPPERS = [
  'content',
  'function',
  'functionCall',
  'function_call',
  'toolCall',
  'toolUse',
  'toolInvocation',
  'state',
];

const RESULT_FIELDS = ['content', 'result', 'output', 'response', 'outputs', 'text'];
const RESULT_WRAPPERS = [
  'functionResponse',
  'function_response',
  'toolResult',
  'codeExecutionResult',
  'code_execution_result',
];

/** {toolName, args?, result?} and beside those whatever else the call says, as it was sent: ids, state, errors. */
export function toolCallOf(part: JsonObject): Json {
  const { type: _type, ...sent } = part;
  const fields = unwrapped(withoutNulls(sent), CALL_WRAPPERS);
  const call: { [key: string]: Json } = { toolName: toolNameIn(part) ?? UNNAMED_TOOL };
  for (const [ours, names] of Object.entries(CALL_FIELDS)) {
    const name = names.find((candidate) => fields[candidate] !== undefined && fields[candidate] !== '');
    if (name === undefined) continue;
    call[ours] = fields[name]!;
    delete fields[name];
  }
  return { ...fields, ...call };
}

/** The result alone if nothing else is known of it, else {result, …}. */
export function toolResultOf(part: JsonObject): Json {
  const { type: _type, ...sent } = part;
  const fields = unwrapped(withoutNulls(sent), RESULT_WRAPPERS);
  const name = RESULT_FIELDS.find((candidate) => fields[candidate] !== undefined);
  if (name === undefined) return Object.keys(fields).length === 0 ? '' : fields;
  const { [name]: value, ...others } = fields;
  const result = withoutBox(value!);
  if (Object.keys(others).length === 0) return result;
  return others.result === undefined
    ? { ...others, result }
    : { ...withOuter(others, { result: others.result }), result };
}

/** The part with what it wraps beside its own fields; those of the same name that say something else are its `outer` ones. */
function unwrapped(part: JsonObject, wrappers: readonly string[]): { [key: string]: Json } {
  const wrapped = wrappers.flatMap((name) => {
    const value = part[name];
    return isObject(value) ? [[name, withoutNulls(value)] as const] : [];
  });
  const own = Object.entries(part).filter(([name]) => !wrapped.some(([wrapper]) => wrapper === name));
  const fields: { [key: string]: Json } = {};
  // A name may be displaced more than once, each time into a layer that does not have it yet.
  const layers: { [key: string]: Json }[] = [];
  const displace = (name: string, value: Json) => {
    let layer = layers.find((candidate) => !Object.hasOwn(candidate, name));
    if (!layer) layers.push((layer = {}));
    layer[name] = value;
  };
  for (const [name, value] of [...own, ...wrapped.flatMap(([, inner]) => Object.entries(inner))]) {
    if (Object.hasOwn(fields, name) && fields[name] !== value) displace(name, fields[name]!);
    fields[name] = value;
  }
  return layers.reduce(withOuter, fields);
}

/** What others of the same name have displaced stays: as `outer`, or under the next name like it that is free. */
function withOuter(fields: { [key: string]: Json }, displaced: JsonObject): { [key: string]: Json } {
  let name = 'outer';
  for (let next = 2; Object.hasOwn(fields, name); next += 1) name = `outer${next}`;
  return { ...fields, [name]: displaced };
}

/** What is alone in an object that only holds it. */
function withoutBox(value: Json): Json {
  if (isObject(value) && Object.keys(value).length === 1) return value.text ?? value.content ?? value.result ?? value;
  return value;
}
