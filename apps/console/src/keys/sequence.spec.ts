import { nameOf, resolve } from './sequence.ts';

const press = (key: string, held: Partial<Record<'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey', boolean>> = {}) =>
  nameOf({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...held });

it.each([
  [press('j'), 'j'],
  [press('G', { shiftKey: true }), 'G'],
  [press('K', { ctrlKey: true, shiftKey: true }), 'mod+k'],
  [press('k', { metaKey: true }), 'mod+k'],
  [press('Enter'), 'enter'],
  [press('Tab', { shiftKey: true }), 'shift+tab'],
  [press('Shift', { shiftKey: true }), undefined],
  [press('e', { altKey: true }), undefined],
])('names a key: %s', (name, wanted) => expect(name).toBe(wanted));

it.each([
  [['g'], undefined, true],
  [['g', 's'], 'g s', false],
  [['j'], 'j', false],
  [['x'], undefined, false],
])('resolves %j', (pressed, complete, begun) => {
  expect(resolve(pressed, ['g s', 'g g', 'j'])).toEqual({ ...(complete !== undefined && { complete }), begun });
});
