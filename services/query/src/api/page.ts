import { createHash } from 'node:crypto';
import type { ApiDocument, Operation, Parameter, Reference, Schema } from './document.ts';
import { API_PAGE_STYLE } from './page.style.ts';

/** The page loads and runs nothing. */
export const API_PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(API_PAGE_STYLE).digest('base64')}'`,
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The document as an HTML page: contents, every operation, every named schema. Pure. */
export function renderApi(document: ApiDocument): string {
  const { info, tags, components } = document;
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const of = (tag: string) => operations.filter(({ operation }) => operation.tags.includes(tag));
  const contents = tags.map(
    ({ name }) =>
      `<li>${escape(name)}<ul>${of(name)
        .map(
          ({ path, method, operation }) => `<li><a href="#${operation.operationId}">${endpoint(method, path)}</a></li>`,
        )
        .join('')}</ul></li>`,
  );
  const sections = tags.map(
    ({ name }) =>
      `<section><h2>${escape(name)}</h2>${of(name)
        .map(({ path, method, operation }) => renderOperation({ path, method, operation, components }))
        .join('')}</section>`,
  );
  const schemas = Object.entries(components.schemas).map(
    ([name, schema]) => `<article id="${schemaAnchor(name)}"><h3>${escape(name)}</h3>${fieldsOf(schema)}</article>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(info.title)} HTTP API</title>
<link rel="icon" href="data:,">
<style>${API_PAGE_STYLE}</style>
</head>
<body>
<nav aria-label="Contents"><a href="../">OpenSync</a><ul>${contents.join('')}<li><a href="#schemas">schemas</a></li></ul></nav>
<main>
<h1>${escape(info.title)} HTTP API</h1>
<p>Version ${escape(info.version)}. ${escape(info.description)} For programs: <a href="../openapi.json">openapi.json</a>.</p>
<p>Send <code>Authorization: Bearer osk_…</code>. Every error has the form <a href="#${schemaAnchor('Error')}">Error</a>.</p>
${sections.join('\n')}
<section id="schemas"><h2>schemas</h2>${schemas.join('')}</section>
</main>
</body>
</html>
`;
}

interface Shown {
  readonly path: string;
  readonly method: string;
  readonly operation: Operation;
  readonly components: ApiDocument['components'];
}

function renderOperation({ path, method, operation, components }: Shown): string {
  const { operationId, summary, description, parameters = [], requestBody, responses } = operation;
  const known = parameters.map((parameter) => resolved(parameter, components.parameters));
  const body = Object.values(requestBody?.content ?? {})[0]?.schema;
  const answers = Object.entries(responses).flatMap(([status, answer]) => {
    if ('$ref' in answer) return [];
    const schema = Object.values(answer.content ?? {})[0]?.schema;
    return [row([`<code>${escape(status)}</code>`, text(answer.description), schema ? typeOf(schema) : ''])];
  });
  return `<article id="${operationId}">
<h3>${endpoint(method, path)}</h3>
<p>${text(summary)}.</p>
${(description ?? '')
  .split('\n\n')
  .filter(Boolean)
  .map((paragraph) => `<p>${text(paragraph)}</p>`)
  .join('')}
${known.length > 0 ? table(['Parameter', 'In', 'Meaning'], known.map(parameterRow)) : ''}
${body ? `<h4>Body</h4>${fieldsOf(body)}` : ''}
${table(['Status', 'Answer', 'Form'], answers)}
</article>`;
}

function parameterRow({ name, in: where, required, description }: Parameter): string {
  return row([`<code>${escape(name)}</code>${required ? ' <b>required</b>' : ''}`, escape(where), text(description)]);
}

function resolved(parameter: Parameter | Reference, known: Readonly<Record<string, Parameter>>): Parameter {
  return '$ref' in parameter ? known[nameIn(parameter.$ref)]! : parameter;
}

/** The fields of an object as a table; for anything else its type. */
function fieldsOf(schema: Schema): string {
  if (!schema.properties) return `<p>${typeOf(schema)}</p>`;
  const required = new Set(schema.required);
  const rows = Object.entries(schema.properties).map(([name, field]) =>
    row([
      `<code>${escape(name)}</code>${required.has(name) ? '' : ' <i>optional</i>'}`,
      typeOf(field),
      `${text(field.description ?? '')}${innerFields(field)}`,
    ]),
  );
  return table(['Field', 'Type', 'Meaning'], rows);
}

/** The fields of an object, or of a list's objects, that have no name of their own. */
function innerFields(schema: Schema): string {
  const inner = schema.items ?? schema;
  return inner.properties ? fieldsOf(inner) : '';
}

function typeOf(schema: Schema): string {
  const { $ref, type, items, anyOf, additionalProperties } = schema;
  if ($ref !== undefined) {
    const name = nameIn($ref);
    return `<a href="#${schemaAnchor(name)}">${escape(name)}</a>`;
  }
  if (schema.const !== undefined) return `<code>${escape(JSON.stringify(schema.const))}</code>`;
  if (schema.enum) return schema.enum.map((value) => `<code>${escape(String(value))}</code>`).join(', ');
  if (anyOf) return [...new Set(anyOf.map(typeOf))].join(' or ');
  if (items) return `list of ${typeOf(items)}`;
  if (typeof additionalProperties === 'object') return `object of ${typeOf(additionalProperties)}`;
  return escape([type ?? 'anything'].flat().join(' or '));
}

const nameIn = (reference: string) => reference.slice(reference.lastIndexOf('/') + 1);
const schemaAnchor = (name: string) => `schema-${name}`;
const endpoint = (method: string, path: string) =>
  `<code><b>${escape(method.toUpperCase())}</b> ${escape(path)}</code>`;

function table(heads: readonly string[], rows: readonly string[]): string {
  const head = heads.map((name) => `<th scope="col">${name}</th>`).join('');
  return `<table><thead><tr>${head}</tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

const row = (cells: readonly string[]) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;

/** Text with `code` between backticks. */
function text(source: string): string {
  return escape(source).replaceAll(/`([^`]+)`/g, '<code>$1</code>');
}

function escape(source: string): string {
  return source.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
