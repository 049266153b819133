export { SENSITIVE_KINDS, type Finding, type SensitiveKind } from './finding.ts';
export { nameFinder } from './identity.ts';
export { Pseudonyms } from './pseudonyms.ts';
export { mapTexts, redactForPublic, redactText, sensitiveParts, type FindNames, type Wanted } from './redact.ts';
