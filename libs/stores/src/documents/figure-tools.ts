import type { PartOutline } from '@opensync/contracts';
import type { ToolMoment } from './figures-port.ts';

/** The use of a tool by a part of this type, from its stored outline; parts from before have none. */
export function toolMoment(at: number, type: string, outline: string | null | undefined): ToolMoment {
  const {
    toolName = null,
    callId = null,
    isError = false,
  } = (outline ? JSON.parse(outline) : {}) as Partial<PartOutline>;
  return { at, kind: type === 'tool-call' ? 'call' : 'result', name: toolName, callId, failed: isError };
}
