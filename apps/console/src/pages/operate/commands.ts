/** Where a command of the command line runs, and how it begins there. */
export const PLACES = [
  { place: 'On the server', prefix: 'opensync' },
  { place: 'Docker Compose', prefix: 'docker compose run --rm cli' },
  { place: 'Kubernetes', prefix: 'kubectl --namespace opensync exec deploy/opensync-cli -- opensync' },
] as const;

/** The same command for each deployment. */
export function commandsOf(command: string): { place: string; text: string }[] {
  return PLACES.map(({ place, prefix }) => ({ place, text: `${prefix} ${command}` }));
}
