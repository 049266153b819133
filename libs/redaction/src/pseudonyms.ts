import { createHmac } from 'node:crypto';
import type { SensitiveKind } from './finding.ts';
import { nameFinder } from './identity.ts';
import { redactText, type FindNames, type Wanted } from './redact.ts';

/** Of a digest: 40 bits, so that two of a hundred thousand values rarely collide. */
const DIGITS = 10;
const MOST_REMEMBERED = 10_000;

/** Segments of paths that say nothing about anybody, so that an agent's work stays readable. */
const COMMON_SEGMENTS = new Set(
  (
    'home users root var tmp private opt srv mnt media data usr etc bin lib local share cache log logs run src source test tests spec dist ' +
    'build out target node_modules packages apps libs services public static assets docs scripts config components pages api app server ' +
    'client common core utils internal cmd pkg main index .git .github .config .cache .local .venv venv site-packages __pycache__ ' +
    'desktop documents downloads workspace workspaces work code projects project repos repo volumes'
  ).split(' '),
);
/** Names of files that every project has. */
const COMMON_FILES =
  /^(?:readme|license|changelog|contributing|makefile|dockerfile|package|package-lock|tsconfig|index|main|mod|init|__init__|setup|cargo|go|pyproject|requirements|docker-compose|jest|vite|webpack|eslint)(?:\.[\w.-]{1,20})?$/i;

/**
 * Replaces what identifies people, machines and their secrets by names that mean nothing. The same value has the same name in all exports
 * of a workspace, whatever its case, so that a reader can still tell who is who; without the key nobody can test a guess.
 */
export class Pseudonyms {
  readonly #key: Buffer;
  readonly #names: FindNames | undefined;
  readonly #wanted: Wanted;
  readonly #remembered = new Map<string, string>();

  /**
   * @param key secret, of the workspace
   * @param names of people and projects, which no form gives away
   */
  constructor(key: Buffer, names: Iterable<string> = []) {
    this.#key = key;
    this.#names = nameFinder(names);
    this.#wanted = { kinds: new Set(['secret', 'email', 'path', 'host', 'name']), names: this.#names };
  }

  /** The text with pseudonyms. */
  text(text: string): string {
    return redactText(text, (value, kind) => this.of(kind, value), this.#wanted);
  }

  /** A value of this kind, whatever it looks like. */
  of(kind: SensitiveKind, value: string): string {
    switch (kind) {
      case 'secret':
        return `secret-${this.#digest('secret', value)}`;
      case 'email':
        return `user-${this.#digest('email', value.toLowerCase())}@example.com`;
      case 'host':
        return `host-${this.#digest('host', value.toLowerCase())}.example.com`;
      case 'name':
        return `name-${this.#digest('name', value.toLowerCase().normalize('NFC'))}`;
      case 'path':
        return this.#path(value);
    }
  }

  /** An id: stays recognizable by its prefix. */
  id(prefix: string, value: string): string {
    return `${prefix}${this.#digest('id', value)}`;
  }

  /** Segment by segment, so that two paths in one folder still are. */
  #path(path: string): string {
    return path.replace(/[^\\/]+/g, (segment, at: number) => {
      if (segment === '~' || /^[A-Za-z]:$/.test(segment) || segment === '.' || segment === '..') return segment;
      if (at > 0 && (COMMON_SEGMENTS.has(segment.toLowerCase()) || COMMON_FILES.test(segment))) return segment;
      const [, name, extension] = /^(.+?)((?:\.[A-Za-z][A-Za-z0-9]{0,9}){1,2})?$/.exec(segment)!;
      return `dir-${this.#digest('segment', name!)}${extension ?? ''}`.replace(/^dir(?=-\w+\.)/, 'file');
    });
  }

  #digest(purpose: string, value: string): string {
    const name = `${purpose} ${value}`;
    let digest = this.#remembered.get(name);
    if (digest === undefined) {
      digest = createHmac('sha256', this.#key).update(name).digest('hex').slice(0, DIGITS);
      // Bounded, since a whole history may pass.
      if (this.#remembered.size >= MOST_REMEMBERED) this.#remembered.clear();
      if (name.length <= 1_000) this.#remembered.set(name, digest);
    }
    return digest;
  }
}
