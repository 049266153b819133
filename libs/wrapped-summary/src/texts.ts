const NUMBERS = new Intl.NumberFormat('en');
const SHORT = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });
const DOLLARS = new Intl.NumberFormat('en', { style: 'currency', currency: 'USD' });

export function numberText(amount: number): string {
  return NUMBERS.format(amount);
}

/** `1.2K`, `3.45M`. */
export function shortText(amount: number): string {
  return SHORT.format(amount);
}

/** Less than a cent is not nothing. */
export function usdText(usd: number): string {
  return usd > 0 && usd < 0.01 ? '<$0.01' : DOLLARS.format(usd);
}

/** `5 min`, `3 h 20 min`. */
export function hoursText(ms: number): string {
  const minutes = Math.max(1, Math.round(ms / 60_000));
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  if (hours === 0) return `${rest} min`;
  return rest === 0 || hours >= 100 ? `${NUMBERS.format(hours)} h` : `${hours} h ${rest} min`;
}
