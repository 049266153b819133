export { jsonWords } from './json-words.ts';
export { messageWords, type MessageWords, type WholeMessage, type WholePart } from './message-words.ts';
export { previewOf, previewText } from './preview.ts';
