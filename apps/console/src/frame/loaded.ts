import { server } from '../live/server.svelte.ts';

/**
 * A part of the console that is loaded when it is needed. `lost`: the server does not answer, and everything is tried again
 * once it does. `outdated`: it answers, but has other files, as after an upgrade; only a reload helps.
 */
export async function loaded<Part extends object>(load: () => Promise<Part>): Promise<Part | 'lost' | 'outdated'> {
  try {
    return await load();
  } catch {
    if (!(await server.answers())) return 'lost';
    // It may have been no more than a connection that was cut.
    return load().catch(() => 'outdated' as const);
  }
}
