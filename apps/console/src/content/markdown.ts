import createDOMPurify from 'dompurify';
import { Marked } from 'marked';

/** Markdown as GitHub has it. HTML in it is text: nobody writes a page in a session. */
const marked = new Marked({
  gfm: true,
  breaks: true,
  renderer: {
    html({ text }) {
      return escape(text);
    },
    // Nothing is fetched because a stored text names it.
    image({ href, text }) {
      return `<a href="${escape(href)}">${escape(text === '' ? href : text)}</a>`;
    },
  },
});

const purify = createDOMPurify(window);
const ALLOWED = {
  ALLOWED_TAGS: [
    ...['p', 'br', 'hr', 'strong', 'em', 'del', 'code', 'pre', 'blockquote', 'ul', 'ol', 'li', 'input'],
    ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'table', 'thead', 'tbody', 'tr', 'th', 'td', 'a'],
  ],
  ALLOWED_ATTR: ['href', 'class', 'align', 'start', 'type', 'checked', 'disabled'],
  ALLOWED_URI_REGEXP: /^(https?|mailto):/i,
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
} as const;
const HEADING = /^H[1-6]$/;

purify.addHook('afterSanitizeAttributes', (node) => {
  if (node.nodeName === 'A') {
    node.setAttribute('rel', 'noopener noreferrer nofollow');
    node.setAttribute('target', '_blank');
  }
  if (node.nodeName === 'INPUT') {
    if (node.getAttribute('type') !== 'checkbox') node.remove();
    node.setAttribute('aria-label', 'Task');
  }
  if (node.hasAttribute('class') && !/^language-[\w+#.-]+$/.test(node.className)) node.removeAttribute('class');
});

/** HTML as elements that run nothing, for `replaceChildren`. The sanitizer's own elements are used: nothing reads its output as HTML again. */
export function sanitized(html: string): DocumentFragment {
  return purify.sanitize(html, {
    ...ALLOWED,
    ALLOWED_TAGS: [...ALLOWED.ALLOWED_TAGS],
    ALLOWED_ATTR: [...ALLOWED.ALLOWED_ATTR],
    RETURN_DOM_FRAGMENT: true,
  });
}

/** Markdown as elements. */
export function renderMarkdown(text: string): DocumentFragment {
  const fragment = sanitized(marked.parse(text, { async: false }));
  // The headings of a page are those of the console.
  for (const heading of fragment.querySelectorAll('h1, h2, h3, h4, h5, h6')) {
    if (!HEADING.test(heading.nodeName)) continue;
    const line = document.createElement('p');
    line.className = `heading level-${heading.nodeName.slice(1)}`;
    line.append(...heading.childNodes);
    heading.replaceWith(line);
  }
  frameTables(fragment);
  return fragment;
}

/** Wide tables scroll by themselves, so that the page does not. */
export function frameTables(fragment: DocumentFragment): void {
  for (const table of fragment.querySelectorAll('table')) {
    const frame = document.createElement('div');
    frame.className = 'table';
    table.replaceWith(frame);
    frame.append(table);
  }
}

export function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
