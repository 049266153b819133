import { batchFigures } from './cases/batch.ts';
import { ingestFigures } from './cases/ingest.ts';
import { projectionFigures } from './cases/projection.ts';
import { searchFigures } from './cases/search.ts';
import { wholeFigures } from './cases/whole.ts';
import { printFigures, type Figure } from './figures.ts';

const CASES: Readonly<Record<string, () => Promise<Figure[]>>> = {
  ingest: ingestFigures,
  batch: batchFigures,
  projection: projectionFigures,
  search: searchFigures,
  whole: wholeFigures,
};

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !(name in CASES));
if (unknown.length > 0) {
  console.error(`no such case: ${unknown.join(', ')}. Cases: ${Object.keys(CASES).join(', ')}`);
  process.exit(1);
}
const figures: Figure[] = [];
for (const [name, measure] of Object.entries(CASES)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  console.error(`measuring ${name} …`);
  figures.push(...(await measure()));
}
printFigures(figures);
