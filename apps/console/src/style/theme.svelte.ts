import { chosenOf, THEMES, CONTRASTS, DENSITIES, type Contrast, type Density, type Theme } from './choices.ts';

/** How the console looks: as the system has it, until the person chooses. Kept in this browser. */
class Look {
  theme = $state<Theme>(read('theme', THEMES));
  contrast = $state<Contrast>(read('contrast', CONTRASTS));
  density = $state<Density>(read('density', DENSITIES));

  constructor() {
    this.#apply();
  }

  get isDark(): boolean {
    if (this.theme !== 'system') return this.theme === 'dark';
    return matchMedia('(prefers-color-scheme: dark)').matches;
  }

  choose(change: { readonly theme?: Theme; readonly contrast?: Contrast; readonly density?: Density }): void {
    Object.assign(this, change);
    this.#apply();
  }

  toggle(): void {
    this.choose({ theme: this.isDark ? 'light' : 'dark' });
  }

  follow(): void {
    this.choose({ theme: 'system' });
  }

  #apply(): void {
    const { theme, contrast, density } = this;
    for (const [name, value] of Object.entries({ theme, contrast, density })) {
      if (value === 'system') {
        localStorage.removeItem(keyOf(name));
        delete document.documentElement.dataset[name];
      } else {
        localStorage.setItem(keyOf(name), value);
        document.documentElement.dataset[name] = value;
      }
    }
  }
}

/** `opensync-theme` is older than the others. */
const keyOf = (name: string) => `opensync-${name}`;

function read<Value extends string>(name: string, values: readonly Value[]): Value {
  return chosenOf(values, localStorage.getItem(keyOf(name)));
}

export const theme = new Look();
