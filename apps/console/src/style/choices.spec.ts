import { chosenOf, THEMES } from './choices.ts';

it('takes a stored choice, and the usual one for anything else', () => {
  expect(chosenOf(THEMES, 'dark')).toBe('dark');
  expect(chosenOf(THEMES, 'sepia')).toBe('system');
  expect(chosenOf(THEMES, null)).toBe('system');
});
