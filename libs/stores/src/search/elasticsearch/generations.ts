import { errors, type Client } from '@elastic/elasticsearch';
import { StoreUnavailableError } from '../../description.ts';
import { typeOf } from './errors.ts';
import { ANALYSIS_VERSION } from '../analysis.ts';
import type { Spread } from './routing.ts';
import { FORGETS_DELETED, indexMapping, indexSettings, STEM_ANALYZER } from './mapping.ts';

/** A generation as it was created. */
interface Prepared {
  readonly stemming: boolean;
  readonly analysis: number;
  readonly spread: Spread;
  /** Another version created it in a way that cannot be written to. */
  readonly incompatible: boolean;
}

/**
 * The full-text index in generations: indexes `<name>-000001`, `<name>-000002` … side by side. Each is read and
 * written through its own alias, `<name>-000001-rows`: a late request can insist on an alias, and so never recreates
 * a deleted index. The alias `<name>` shows other tools which generation is in use.
 */
export class ElasticsearchGenerations {
  readonly #client: Client;
  readonly #name: string;

  constructor(client: Client, name: string) {
    this.#client = client;
    this.#name = name;
  }

  indexOf(generation: number): string {
    return `${this.#name}-${String(generation).padStart(6, '0')}`;
  }

  /** What a generation is read and written through. */
  rowsOf(generation: number): string {
    return `${this.indexOf(generation)}-rows`;
  }

  /**
   * Creates a generation if it is missing and checks it if it exists.
   * @returns whether it has stems, its analysis version, how it distributes rows, and whether another version created
   * it in a way that cannot be written to
   */
  async prepare(generation: number): Promise<Prepared> {
    const index = this.indexOf(generation);
    if (!(await this.#client.indices.exists({ index }))) {
      // Some distributions come without the module for language analysis, and report it only here.
      if (!(await this.#created(index, { stemming: true }))) await this.#created(index, { stemming: false });
    }
    // Another replica may have just created it: until its shards exist it can be neither read nor written.
    await this.#client.cluster.health({ index, wait_for_status: 'yellow', timeout: '10s' });
    await this.#client.indices.putAlias({ index, name: this.rowsOf(generation) });
    const made = await this.#made(index);
    try {
      // Changes nothing if the mapping is the same; new fields are added to an older index.
      await this.#client.indices.putMapping({ index, ...indexMapping(made) });
      await this.#client.indices.putSettings({ index, settings: FORGETS_DELETED });
    } catch (error) {
      if (!(error instanceof errors.ResponseError) || error.statusCode !== 400) throw error;
      return { ...made, incompatible: true };
    }
    return { ...made, incompatible: false };
  }

  /**
   * As `prepare`, for a user that may only read. @throws StoreUnavailableError if nobody has created the generation
   */
  async find(generation: number): Promise<Prepared> {
    const index = this.indexOf(generation);
    if (!(await this.#client.indices.exists({ index: this.rowsOf(generation) }))) {
      const message = 'the search store is unavailable: its index does not exist yet; the projector creates it';
      throw new StoreUnavailableError('search', { message });
    }
    return { ...(await this.#made(index)), incompatible: false };
  }

  /** Makes a generation live in place of the previous one. The old one stays until it is dropped. */
  async use(generation: number): Promise<void> {
    await this.#client.indices.updateAliases({
      actions: [
        { remove: { index: `${this.#name}-*`, alias: this.#name, must_exist: false } },
        { add: { index: this.indexOf(generation), alias: this.#name } },
      ],
    });
  }

  /** Removes a generation with all that is in it. */
  async drop(generation: number): Promise<void> {
    await this.#client.indices.delete({ index: this.indexOf(generation), ignore_unavailable: true });
  }

  /** How an index was created. */
  async #made(index: string): Promise<Omit<Prepared, 'incompatible'>> {
    const { [index]: found } = await this.#client.indices.getMapping({ index });
    return {
      stemming: JSON.stringify(found?.mappings).includes(STEM_ANALYZER),
      analysis: Number(found?.mappings._meta?.analysis ?? 1),
      spread: found?.mappings._meta?.spread === 'workspace' ? 'workspace' : 'owner',
    };
  }

  /** False if the server cannot stem. */
  async #created(index: string, features: { stemming: boolean }): Promise<boolean> {
    try {
      const mappings = { ...indexMapping(features), _meta: { analysis: ANALYSIS_VERSION, spread: 'workspace' } };
      await this.#client.indices.create({ index, mappings, settings: indexSettings(features) });
    } catch (error) {
      if (!(error instanceof errors.ResponseError) || error.statusCode !== 400) throw error;
      // Another replica may have been faster.
      if (typeOf(error) !== 'resource_already_exists_exception') {
        if (features.stemming) return false;
        throw error;
      }
    }
    return true;
  }
}
