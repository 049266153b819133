import { errors, type Client } from '@elastic/elasticsearch';
import { ConfigError } from '@opensync/platform';
import { typeOf } from './elasticsearch.errors.ts';
import { indexMapping, indexSettings, STEM_ANALYZER } from './elasticsearch.mapping.ts';

/**
 * The full-text index in generations: indexes `<name>-000001`, `<name>-000002` … beside each other, of which the
 * alias `<name>` is the one in use. A rebuild fills the next one and then moves the alias, which is atomic.
 */
export class ElasticsearchGenerations {
  readonly #client: Client;
  readonly alias: string;

  constructor(client: Client, alias: string) {
    this.#client = client;
    this.alias = alias;
  }

  indexOf(generation: number): string {
    return `${this.alias}-${String(generation).padStart(6, '0')}`;
  }

  /** The generation in use; undefined before the first. */
  async live(): Promise<number | undefined> {
    const found = await this.#client.indices.getAlias({ name: this.alias }, { ignore: [404] });
    const indexes = Object.keys(found).filter((index) => this.#generationOf(index) !== undefined);
    return indexes.length === 0 ? undefined : this.#generationOf(indexes[0]!);
  }

  /** All generations that there are, oldest first. */
  async all(): Promise<number[]> {
    const found = await this.#client.indices.get({ index: `${this.alias}-*`, features: ['aliases'] });
    return Object.keys(found)
      .flatMap((index) => this.#generationOf(index) ?? [])
      .sort((a, b) => a - b);
  }

  /**
   * Makes a generation where it is missing and checks it where it exists.
   * @returns whether it knows stems
   * @throws ConfigError where another version made it in a way that cannot be written to
   */
  async prepare(generation: number): Promise<{ stemming: boolean }> {
    const index = this.indexOf(generation);
    if (!(await this.#client.indices.exists({ index }))) {
      // Some distributions come without the module for language analysis, and say so only here.
      if (!(await this.#created(index, { stemming: true }))) await this.#created(index, { stemming: false });
    }
    // Another replica may have made it just now: until its shards are there it is neither read nor written.
    await this.#client.cluster.health({ index, wait_for_status: 'yellow', timeout: '10s' });
    const { [index]: found } = await this.#client.indices.getMapping({ index });
    const stemming = JSON.stringify(found?.mappings).includes(STEM_ANALYZER);
    try {
      // Nothing changes where the mapping is the same; fields that are new here are added to an older index.
      await this.#client.indices.putMapping({ index, ...indexMapping({ stemming }) });
    } catch (error) {
      if (!(error instanceof errors.ResponseError) || error.statusCode !== 400) throw error;
      throw new ConfigError(
        `ELASTICSEARCH_URL: the index ${index} was made by another version; ` +
          'run `opensync rebuild search`, which makes a new one beside it',
      );
    }
    return { stemming };
  }

  /** Puts a generation to use in place of the one before. The old one stays until it is dropped. */
  async use(generation: number): Promise<void> {
    await this.#client.indices.updateAliases({
      actions: [
        { remove: { index: `${this.alias}-*`, alias: this.alias, must_exist: false } },
        { add: { index: this.indexOf(generation), alias: this.alias } },
      ],
    });
  }

  /** Removes a generation with all that is in it. */
  async drop(generation: number): Promise<void> {
    await this.#client.indices.delete({ index: this.indexOf(generation), ignore_unavailable: true });
  }

  /** False where the server cannot stem. */
  async #created(index: string, features: { stemming: boolean }): Promise<boolean> {
    try {
      await this.#client.indices.create({ index, mappings: indexMapping(features), settings: indexSettings(features) });
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

  #generationOf(index: string): number | undefined {
    const [, digits] = /-(\d{6,})$/.exec(index) ?? [];
    return digits !== undefined && index === `${this.alias}-${digits}` ? Number(digits) : undefined;
  }
}
