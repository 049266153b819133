/** A whole number with a comma between thousands: `12,345`. By hand: to make a formatter takes milliseconds on a phone. */
export function whole(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** A count in few characters: `1,234`, `12.3k`, `4.5M`. */
export function short(value: number): string {
  if (value < 10_000) return whole(value);
  if (value < 1_000_000) return `${trimmed(value / 1_000)}k`;
  if (value < 1_000_000_000) return `${trimmed(value / 1_000_000)}M`;
  return `${trimmed(value / 1_000_000_000)}B`;
}

function trimmed(value: number): string {
  return (value < 100 ? value.toFixed(1) : value.toFixed(0)).replace(/\.0$/, '');
}

/** US dollars; small amounts keep two significant digits. */
export function dollars(value: number): string {
  if (value === 0) return '$0';
  if (value < 0.01) return `$${value.toPrecision(1)}`;
  const [units, cents] = value.toFixed(2).split('.');
  return `$${whole(Number(units))}.${cents}`;
}

export function bytes(value: number): string {
  if (value < 1_000) return `${value} B`;
  if (value < 1_000_000) return `${trimmed(value / 1_000)} kB`;
  return `${trimmed(value / 1_000_000)} MB`;
}

/** `1 session`, `2 sessions`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${whole(count)} ${count === 1 ? one : many}`;
}
