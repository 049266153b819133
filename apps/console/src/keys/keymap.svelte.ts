import { untrack } from 'svelte';
import { nameOf, PAUSE_MS, resolve, type Keys } from './sequence.ts';

/** Something that a key does, and the command palette offers. */
export interface Command {
  readonly label: string;
  readonly keys?: Keys;
  /** Its heading in the help and the palette. */
  readonly group: string;
  readonly run: () => void;
  /** Not in the palette: it makes no sense without its place, such as "next row". */
  readonly isKeyOnly?: boolean;
}

/** The commands of what is shown at the moment. What was added last comes first. */
class Keymap {
  #layers = $state.raw<readonly (readonly Command[])[]>([]);
  #pressed: string[] = [];
  #pause: ReturnType<typeof setTimeout> | undefined;

  readonly commands = $derived(this.#layers.flat());

  constructor() {
    document.addEventListener('keydown', (event) => this.#onKey(event));
  }

  /** Adds commands until the returned function is called. In a component: `$effect(() => keymap.add([…]))`. */
  add(commands: readonly Command[]): () => void {
    // An effect that adds commands does not depend on those of others.
    untrack(() => (this.#layers = [commands, ...this.#layers]));
    return () => untrack(() => (this.#layers = this.#layers.filter((layer) => layer !== commands)));
  }

  #onKey(event: KeyboardEvent): void {
    const name = nameOf(event);
    if (name === undefined || event.defaultPrevented || event.isComposing) return;
    // A dialog has its own keys; text fields take everything but combinations.
    if (document.querySelector('dialog:modal') || (isTyping(event.target) && !name.startsWith('mod+'))) return;
    // Controls that are pressed with them.
    if ((name === 'enter' || name === ' ') && (event.target as Element).closest('a, button, summary, [role=button]'))
      return;
    clearTimeout(this.#pause);
    this.#pressed.push(name);
    let found = this.#find();
    if (!found.complete && !found.begun && this.#pressed.length > 1) {
      this.#pressed = [name];
      found = this.#find();
    }
    if (found.complete) {
      this.#pressed = [];
      event.preventDefault();
      found.complete.run();
    } else if (found.begun) {
      event.preventDefault();
      this.#pause = setTimeout(() => (this.#pressed = []), PAUSE_MS);
    } else this.#pressed = [];
  }

  #find(): { complete?: Command | undefined; begun: boolean } {
    const withKeys = this.commands.filter(({ keys }) => keys !== undefined);
    const { complete, begun } = resolve(
      this.#pressed,
      withKeys.map(({ keys }) => keys!),
    );
    return { complete: complete === undefined ? undefined : withKeys.find(({ keys }) => keys === complete), begun };
  }
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || target.matches('input:not([type=checkbox], [type=radio]), textarea, select'))
  );
}

export const keymap = new Keymap();
