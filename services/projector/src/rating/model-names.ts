/** A model as a price table may list it. Without a provider: whichever lists the model. */
export interface ModelName {
  readonly provider?: string;
  readonly model: string;
}

/** Names of agents for providers, and the price table's own. */
const PROVIDERS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'amazon-bedrock': 'aws',
    bedrock: 'aws',
    'anthropic-oauth': 'anthropic',
    antigravity: 'google',
    'azure-openai': 'azure',
    claude: 'anthropic',
    'claude-code': 'anthropic',
    chatgpt: 'openai',
    codex: 'openai',
    gemini: 'google',
    'google-vertex': 'google',
    'google-vertex-anthropic': 'google',
    moonshot: 'moonshotai',
    'openai-codex': 'openai',
    vertex: 'google',
    xai: 'x-ai',
    'z-ai': 'zai',
    zhipu: 'zhipuai',
  }),
);

/** Bedrock's inference profiles begin with a region, and all its models with their vendor. */
const BEDROCK = /^(?:(?:us|eu|apac|au|jp|ca|global|us-gov)\.)?([a-z0-9-]+)\.(?=[a-z])/;
/** Parts of a name that choose a context window or a mode of the same model: `[1m]`, `:thinking`, `@20251101`, `-v1:0`. */
const VARIANT = /(?:\[[^\]]*\]|:[a-z]+|@[\w-]+|-v\d+(?::\d+)?)$/;
/** A date at the end: `-20250929`, `-2025-09-29`. */
const DATE = /-(?:20\d{6}|20\d{2}-\d{2}-\d{2})$/;

/**
 * The names under which a price table may list a model, the most specific first: as sent, then without the prefixes
 * of gateways (`openrouter/anthropic/…`, `us.anthropic.…`), then without its variant and its date.
 */
export function candidatesOf(provider: string | null, model: string): readonly ModelName[] {
  const name = model.trim().toLowerCase();
  const known = provider === null ? undefined : providerNamed(provider.trim().toLowerCase());
  const candidates = new Map<string, ModelName>();
  const add = (candidate: ModelName) => {
    const key = `${candidate.provider ?? ''}\n${candidate.model}`;
    if (candidate.model !== '' && !candidates.has(key)) candidates.set(key, candidate);
  };
  for (const form of shorterForms(name)) {
    if (known !== undefined) add({ provider: known, model: form });
    const [, vendor] = BEDROCK.exec(form) ?? [];
    if (vendor !== undefined) {
      const bare = form.replace(BEDROCK, '');
      add({ provider: 'aws', model: `${vendor}.${bare}` });
      for (const short of shorterForms(bare)) add({ provider: providerNamed(vendor), model: short });
    }
    const segments = form.split('/');
    for (let at = 1; at < segments.length; at++) {
      const vendorOf = segments[at - 1]!;
      add({ provider: providerNamed(vendorOf), model: segments.slice(at).join('/') });
    }
    for (let at = 0; at < segments.length; at++) add({ model: segments.slice(at).join('/') });
  }
  return [...candidates.values()];
}

function providerNamed(name: string): string {
  return PROVIDERS.get(name) ?? name;
}

/** The name, then without one more of its endings each time. */
function shorterForms(name: string): readonly string[] {
  const forms = [name];
  for (const ending of [VARIANT, VARIANT, DATE]) {
    const shorter = forms.at(-1)!.replace(ending, '');
    if (shorter !== forms.at(-1)) forms.push(shorter);
  }
  return forms;
}
