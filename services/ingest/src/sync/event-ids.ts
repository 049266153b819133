import { v5 } from 'uuid';

const DERIVED_ID_NAMESPACE = '5b0d8a5e-3f0c-4d0e-9d6b-8f4a1f2f7c11';

/** The UUIDv5 of these components: equal ones always give the same id. */
export function derivedEventId(components: readonly unknown[]): string {
  return v5(JSON.stringify(components), DERIVED_ID_NAMESPACE);
}
