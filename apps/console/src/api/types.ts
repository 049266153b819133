import type { Answer } from './client.ts';
import type { components } from './schema.d.ts';

type Schemas = components['schemas'];

export type Session = Schemas['Session'];
/** A session with what it costs. */
export type RatedSession = Schemas['RatedSession'];
export type Message = Schemas['Message'];
export type Part = Schemas['Part'];
export type Media = Schemas['Media'];
export type Outline = Schemas['SessionOutline'];
export type SearchAnswer = Schemas['SearchAnswer'];
export type SearchResult = Schemas['SearchResult'];
/** A session with some of its messages. */
export type SessionPage = Answer<'/api/sessions/{id}'>;
/** Who is logged in. */
export type Login = Answer<'/auth/session'>;
