/** Keys after one another, separated by blanks, such as `g s`; `mod+k` is Ctrl or Cmd with K. */
export type Keys = string;

/** Milliseconds within which the next key of a sequence comes. */
export const PAUSE_MS = 1_000;

/** The name of a pressed key, as in `Keys`; undefined for a modifier alone. */
export function nameOf(
  event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>,
): string | undefined {
  const { key, ctrlKey, metaKey, altKey, shiftKey } = event;
  if (['Control', 'Meta', 'Alt', 'Shift', 'Dead', 'Process'].includes(key)) return undefined;
  if (altKey) return undefined;
  const isMod = ctrlKey || metaKey;
  const name = key.length === 1 ? (isMod ? key.toLowerCase() : key) : key.toLowerCase();
  const shift = shiftKey && key.length > 1 ? 'shift+' : '';
  return `${isMod ? 'mod+' : ''}${shift}${name}`;
}

/**
 * What the keys that were pressed so far stand for.
 * @returns the sequence that is complete; `begun` if one may become so
 */
export function resolve(pressed: readonly string[], known: readonly Keys[]): { complete?: Keys; begun: boolean } {
  const text = pressed.join(' ');
  const complete = known.find((keys) => keys === text);
  return { ...(complete !== undefined && { complete }), begun: known.some((keys) => keys.startsWith(`${text} `)) };
}

/** As people read it. */
export function shown(keys: Keys): string[] {
  const isMac = /Mac|iPhone|iPad/.test(navigator.platform);
  return keys.split(' ').map((key) =>
    key
      .replace(/^mod\+(.*)$/, (_all, letter: string) =>
        isMac ? `⌘${letter.toUpperCase()}` : `Ctrl ${letter.toUpperCase()}`,
      )
      .replace('shift+', '⇧')
      .replace('enter', '↵')
      .replace('escape', 'Esc')
      .replace('arrowup', '↑')
      .replace('arrowdown', '↓'),
  );
}
