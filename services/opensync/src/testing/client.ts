/** The key that services are given in tests. */
export const KEY = 'osk_given-by-the-operator-0123456789';

export const authorization = { authorization: `Bearer ${KEY}` };

export async function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<number> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { ...authorization, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  await response.text();
  return response.status;
}

export async function get<T>(url: string): Promise<T> {
  const response = await fetch(url, { headers: authorization });
  return (await response.json()) as T;
}

export const search = (query: string, words: string, type = 'fulltext') =>
  get<{ results: { externalId: string; matchedIn: string[] }[]; degraded?: string[] }>(
    `${query}/api/search?q=${encodeURIComponent(words)}&type=${type}`,
  );

/** Value of a metric's first sample whose labels include these. */
export async function metric(url: string, name: string, labels = ''): Promise<number | undefined> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const sample = text.split('\n').find((line) => line.startsWith(name) && line.includes(labels));
  return sample === undefined ? undefined : Number(sample.split(' ').at(-1));
}
