const BLANKS = /\s*/y;

/**
 * For each part's text, in order, whether it repeats the message's own text: many plugins send the text also as
 * parts, and it counts once. Each text is compared only with the whole text and with the continuation of the previous
 * repetition: searching a long text for each of ten thousand parts would block the process for minutes.
 */
export function repetitionsOf(whole: string): (text: string) => boolean {
  const trimmed = whole.trim();
  let end = 0;
  const skipBlanks = () => {
    BLANKS.lastIndex = end;
    BLANKS.test(whole);
    end = BLANKS.lastIndex;
  };
  skipBlanks();
  return (text) => {
    const repeated = text.trim();
    if (repeated === trimmed) return true;
    if (!whole.startsWith(repeated, end)) return false;
    end += repeated.length;
    skipBlanks();
    return true;
  };
}
