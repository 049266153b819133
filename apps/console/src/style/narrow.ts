import { MediaQuery } from 'svelte/reactivity';

/** Whether the screen is that of a phone, as `max-width: 48rem` in the styles. */
export const isNarrow = new MediaQuery('max-width: 48rem');
