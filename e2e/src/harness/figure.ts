/** What a test measured, for the report of the run. */
export function figure(what: string, value: unknown): void {
  process.stdout.write(`figure: ${what}: ${JSON.stringify(value)}\n`);
}
