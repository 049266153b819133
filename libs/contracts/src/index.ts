export * from './owner.ts';
export * from './ids.ts';
export * from './positions.ts';
export * from './subjects.ts';
export * from './principal.ts';
export * from './embedding.ts';
export * from './access-log.ts';
export * from './changes.ts';
export * from './projections.ts';
export * from './content/index.ts';
export * from './events/schemas.ts';
export * from './events/event.ts';
export * from './events/catalogue.ts';
export * from './applied.ts';
export * from './words/index.ts';
export * from './fold/session.ts';
export * from './fold/message.ts';
export * from './fold/part.ts';
export * from './fold/people.ts';
export * from './fold/register.ts';
export * from './fold/prompt.ts';
export * from './fold/facts.ts';
export type { Unknown, UnknownFields, UnknownValue } from './fold/unknown.ts';
export * from './fold/rollup.ts';
export * from './figures/index.ts';
export * from './naming/placeholders.ts';
export * from './naming/prompt-title.ts';
export * from './naming/shorten.ts';
export { withoutWrappers } from './naming/wrappers.ts';
export * from './views.ts';
export * from './outline.ts';
export * from './row-version.ts';
export * from './requests/instant.ts';
export * from './requests/sources.ts';
export * from './requests/times.ts';
export * from './requests/parsed.ts';
export * from './requests/reading.ts';
export {
  MESSAGE_FIELDS,
  MESSAGE_ID_NAMES,
  SESSION_FIELDS,
  SESSION_ID_NAMES,
  SESSION_OF_MESSAGE_NAMES,
  USAGE_OBJECTS,
} from './requests/fields.ts';
export type { Field as RequestField } from './requests/readers.ts';
export { nameOfItem, readId } from './requests/ids.ts';
export * from './requests/normalize.ts';
