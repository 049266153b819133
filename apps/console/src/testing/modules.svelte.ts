// What specs get of the console, compiled as for a browser (see browser.ts).
export * as client from '../api/client.ts';
export { ApiError } from '../api/errors.ts';
export { resource } from '../data/resource.svelte.ts';
export { Work } from '../data/work.svelte.ts';
export { loaded } from '../frame/loaded.ts';
export { live } from '../live/live.svelte.ts';
export { server } from '../live/server.svelte.ts';
export { Reading } from '../pages/session/reading.svelte.ts';
export { session } from '../session/session.svelte.ts';
export { flushSync } from 'svelte';

/** Runs the beginning of a component, with its effects, until `end`. */
export function component<Result>(begin: () => Result): { readonly result: Result; readonly end: () => void } {
  let result: Result;
  const end = $effect.root(() => {
    result = begin();
  });
  return { result: result!, end };
}

/** Something that changes while a component is shown, such as one of its properties. */
export function cell<Value>(first: Value): { value: Value } {
  let value = $state.raw(first);
  return {
    get value() {
      return value;
    },
    set value(next) {
      value = next;
    },
  };
}
