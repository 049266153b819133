import type { ApiError } from '../api/errors.ts';

export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly isProblem: boolean;
  readonly action?: { readonly label: string; readonly run: () => void };
}

const SHOWN_MS = 8_000;
const MOST = 4;

/** Short messages about what was done, with a way to undo it. */
class Toasts {
  all = $state.raw<readonly Toast[]>([]);
  #last = 0;

  say(text: string, action?: Toast['action']): void {
    this.#add({ text, isProblem: false, ...(action && { action }) });
  }

  /** Of something that a person did and that failed. */
  fail(what: string, error: ApiError): void {
    this.#add({ text: `${what}: ${error.message}`, isProblem: true });
  }

  /** Does what a person asked for, and says so if it fails: undefined then. @param what as `fail` has it */
  async attempt<Done>(what: string, work: () => Promise<Done>): Promise<Done | undefined> {
    try {
      return await work();
    } catch (error) {
      this.fail(what, error as ApiError);
      return undefined;
    }
  }

  remove(id: number): void {
    this.all = this.all.filter((toast) => toast.id !== id);
  }

  #add(toast: Omit<Toast, 'id'>): void {
    const id = ++this.#last;
    this.all = [...this.all.slice(1 - MOST), { ...toast, id }];
    setTimeout(() => this.remove(id), SHOWN_MS);
  }
}

export const toasts = new Toasts();
