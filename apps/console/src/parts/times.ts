/** Made when they are first needed, and kept: to make a formatter takes much longer than to use it. */
const formatter = (options: Intl.DateTimeFormatOptions) => {
  let made: Intl.DateTimeFormat | undefined;
  return (at: number) => {
    const date = new Date(at);
    // A formatter throws on a time that a document should not have; the page is to show the rest.
    if (Number.isNaN(date.getTime())) return String(date);
    return (made ??= new Intl.DateTimeFormat(undefined, options)).format(date);
  };
};
const day = formatter({ day: 'numeric', month: 'short' });
const dayAndYear = formatter({ day: 'numeric', month: 'short', year: 'numeric' });

/** In the reader's time zone, to the second. */
export const exact = formatter({ dateStyle: 'medium', timeStyle: 'medium' });
/** The hour and minute in the reader's time zone. */
export const clock = formatter({ hour: '2-digit', minute: '2-digit' });
/** As `clock`, to the second. */
export const clockToSecond = formatter({ hour: '2-digit', minute: '2-digit', second: '2-digit' });

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A time in few characters, from the reader's point of view. */
export function ago(at: number, now: number): string {
  const passed = now - at;
  if (passed < -MINUTE) return exact(at);
  if (passed < MINUTE) return 'now';
  if (passed < HOUR) return `${Math.floor(passed / MINUTE)} min ago`;
  if (passed < DAY) return `${Math.floor(passed / HOUR)} h ago`;
  if (passed < 7 * DAY) return `${Math.floor(passed / DAY)} d ago`;
  const isThisYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  return (isThisYear ? day : dayAndYear)(at);
}

/** A duration in its two largest units. @param ms milliseconds */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
