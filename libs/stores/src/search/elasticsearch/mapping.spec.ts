import { indexMapping, indexSettings } from './mapping.ts';

describe('the index in Elasticsearch', () => {
  it('takes no field that it does not know, and splits words at blanks alone', () => {
    const mapping = indexMapping({ stemming: false });
    expect(mapping.dynamic).toBe('strict');
    expect(JSON.stringify(mapping).match(/"analyzer":"\w+"/g)).toEqual(Array(5).fill('"analyzer":"whitespace"'));
    expect(indexSettings({ stemming: false }).analysis).toBeUndefined();
  });

  it('adds stems beside the words of title and text where the server has a stemmer', () => {
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
