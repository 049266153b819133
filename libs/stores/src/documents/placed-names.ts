import { placedValue, type SessionRollup } from '@opensync/contracts';

/** A rollup whose names are the least of placed ones, as the database found them, with the names alone. */
export function withoutPlaces(rollup: SessionRollup): SessionRollup {
  return {
    ...rollup,
    title: placedValue(rollup.title),
    model: placedValue(rollup.model),
    provider: placedValue(rollup.provider),
  };
}
