import { indexMapping, indexSettings } from './mapping.ts';

describe('the index in Elasticsearch', () => {
  it('accepts no unknown field, and splits words only at blanks', () => {
    const mapping = indexMapping({ stemming: false });
    expect(mapping.dynamic).toBe('strict');
    expect(JSON.stringify(mapping).match(/"analyzer":"\w+"/g)).toEqual(Array(5).fill('"analyzer":"whitespace"'));
    expect(indexSettings({ stemming: false }).analysis).toBeUndefined();
  });

  it('adds stems next to the words of title and text if the server has a stemmer', () => {
    const { words } = indexMapping({ stemming: true }).properties! as {
      words: { properties: Record<string, { analyzer: string; fields?: unknown }> };
    };
    const stems = { stems: { type: 'text', analyzer: 'opensync_stems', index_options: 'freqs' } };
    expect(
      Object.entries(words.properties).map(([column, { analyzer, fields }]) => [column, analyzer, fields]),
    ).toEqual([
      ['title', 'whitespace', stems],
      ['text', 'whitespace', stems],
      ['project', 'whitespace', undefined],
      ['parts', 'whitespace', undefined],
      ['tool', 'whitespace', undefined],
    ]);
    expect(indexSettings({ stemming: true }).analysis).toEqual({
      filter: { opensync_stems: { type: 'stemmer', language: 'light_english' } },
      analyzer: { opensync_stems: { type: 'custom', tokenizer: 'whitespace', filter: ['opensync_stems'] } },
    });
  });
});
