const BLANKS = /\s*/y;

/**
 * Says of each part's text, in order, whether it repeats the message's own: many plugins send that as its parts as well,
 * and it counts once. It is compared with all of it and with what follows the repetition before, and searched for
 * nowhere: to search a long text for each of ten thousand parts would hold up the process for minutes.
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
