import { untrack } from 'svelte';
import { isAbort, type ApiError } from '../api/errors.ts';
import { server } from '../live/server.svelte.ts';

const SOONEST_RETRY_MS = 1_000;

/** Something that is read from the server and shown. */
export interface Resource<Value> {
  readonly value: Value | undefined;
  /** Why the last read failed. The value of the one before stays, if it is of the same thing. */
  readonly error: ApiError | undefined;
  readonly isLoading: boolean;
  /** Reads again. */
  reload(): void;
  /** Shows another value until the next read, such as one with a change that was just sent. */
  set(value: Value): void;
}

/**
 * Reads when the component begins, when something changes that `load` reads before its first `await`, and when the server is
 * back. An answer that is overtaken by a later request is dropped. A busy server is asked again when it wants to be.
 * @param load undefined: there is nothing to read
 * @param subject what the value is of, such as the id in the address. As soon as that is something else, there is no value
 * until it is read: what a page shows under a title, and what its buttons act on, belongs to that title
 */
export function resource<Value>(
  load: (signal: AbortSignal) => Promise<Value> | undefined,
  subject: () => unknown = () => undefined,
): Resource<Value> {
  const current = $derived(JSON.stringify(subject()));
  let read = $state.raw<{ readonly of: string; readonly value: Value } | undefined>();
  let failed = $state.raw<{ readonly of: string; readonly error: ApiError } | undefined>();
  let isLoading = $state(true);
  let turn = $state(0);
  $effect(() => {
    void server.revision;
    void turn;
    const aborter = new AbortController();
    let retry: ReturnType<typeof setTimeout> | undefined;
    const of = current;
    const pending = load(aborter.signal);
    untrack(() => (isLoading = pending !== undefined));
    pending?.then(
      (value) => {
        if (aborter.signal.aborted) return;
        read = { of, value };
        failed = undefined;
        isLoading = false;
      },
      (failure: ApiError) => {
        if (aborter.signal.aborted || isAbort(failure)) return;
        failed = { of, error: failure };
        isLoading = false;
        if (failure.trouble !== 'busy') return;
        retry = setTimeout(() => turn++, Math.max(SOONEST_RETRY_MS, (failure.retryAfter ?? 0) * 1000));
      },
    );
    return () => {
      aborter.abort();
      clearTimeout(retry);
    };
  });
  return {
    get value() {
      return read?.of === current ? read?.value : undefined;
    },
    get error() {
      return failed?.of === current ? failed?.error : undefined;
    },
    get isLoading() {
      return isLoading;
    },
    reload: () => void turn++,
    set: (value) => (read = { of: untrack(() => current), value }),
  };
}
