import { isObject, withoutNulls, type Json, type JsonObject } from './json.ts';
import { toolNameIn } from './kinds.ts';

/** The name of a tool call without a tool name. */
export const UNNAMED_TOOL = 'unknown';

/** Our names for the fields of a tool call, and the names that plugins use, in order of precedence. */
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
/** Fields that may nest the data of a call, the innermost last. */
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

/** {toolName, args?, result?} and all other fields of the call, as they were sent: ids, state, errors. */
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

/** The result alone if there are no other fields, otherwise {result, …}. */
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

/** The part merged with the object that it wraps; outer fields of the same name and another value go to `outer`. */
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

/** Fields that others of the same name displaced are kept: in `outer`, or under the next free name. */
function withOuter(fields: { [key: string]: Json }, displaced: JsonObject): { [key: string]: Json } {
  let name = 'outer';
  for (let next = 2; Object.hasOwn(fields, name); next += 1) name = `outer${next}`;
  return { ...fields, [name]: displaced };
}

/** The value of an object that holds nothing else. */
function withoutBox(value: Json): Json {
  if (isObject(value) && Object.keys(value).length === 1) return value.text ?? value.content ?? value.result ?? value;
  return value;
}
