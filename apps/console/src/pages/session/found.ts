/** Marks words in what is on the screen, without touching its elements. Browsers without this show the hits by their place alone. */
export function markWords(root: HTMLElement, query: string): void {
  const { highlights } = CSS as unknown as { highlights?: Map<string, unknown> };
  if (!highlights) return;
  highlights.delete('found');
  const words = wordsOf(query);
  if (words.length === 0) return;
  const pattern = new RegExp(words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|'), 'gi');
  const ranges: Range[] = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node && ranges.length < 2_000; node = walker.nextNode()) {
    for (const { index, 0: found } of (node.nodeValue ?? '').matchAll(pattern)) {
      const range = new Range();
      range.setStart(node, index);
      range.setEnd(node, index + found.length);
      ranges.push(range);
    }
  }
  const { Highlight } = window as unknown as { Highlight: new (...ranges: Range[]) => unknown };
  highlights.set('found', new Highlight(...ranges));
}

/** The words that a query looks for, without those that it excludes. */
export function wordsOf(query: string): string[] {
  return [...query.matchAll(/-?"([^"]+)"|\S+/g)]
    .filter(([all]) => !all.startsWith('-'))
    .map(([all, phrase]) => phrase ?? all)
    .filter((word) => word.length > 1);
}
