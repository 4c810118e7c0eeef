/**
 * Cuts GitHub's OpenAPI description, which has 13 MB, down to the calls of src/github/: with the schemas they need for the tests of the
 * simulator's GitHub (test/github/openapi.generated.json), and without them for that GitHub itself, which has their names and the smallest
 * object of each kind that it sends (simulator/github/description.generated.json).
 *
 *   node tools/cut-github-openapi.ts             fetch @octokit/openapi from npm, and write
 *   node tools/cut-github-openapi.ts --from FILE use this api.github.com.json
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

/** With its version, so that a repetition gives the same bytes. */
const source = '@octokit/openapi@23.0.2';

const repository = '/repos/{owner}/{repo}';
/** Path → the methods in use. */
const calls: Readonly<Record<string, readonly string[]>> = {
  '/user': ['get'],
  '/orgs/{org}/teams/{team_slug}/members': ['get'],
  [`${repository}/actions/runs/{run_id}`]: ['get'],
  [`${repository}/actions/runs/{run_id}/approvals`]: ['get'],
  [`${repository}/check-runs`]: ['post'],
  [`${repository}/check-runs/{check_run_id}`]: ['patch'],
  [`${repository}/collaborators/{username}/permission`]: ['get'],
  [`${repository}/comments/{comment_id}`]: ['patch', 'delete'],
  [`${repository}/commits/{commit_sha}/comments`]: ['get', 'post'],
  [`${repository}/commits/{commit_sha}/pulls`]: ['get'],
  [`${repository}/commits/{ref}`]: ['get'],
  [`${repository}/commits/{ref}/check-runs`]: ['get'],
  [`${repository}/compare/{basehead}`]: ['get'],
  [`${repository}/deployments`]: ['get', 'post'],
  [`${repository}/deployments/{deployment_id}/statuses`]: ['get', 'post'],
  [`${repository}/environments/{environment_name}`]: ['get'],
  [`${repository}/issues/comments/{comment_id}`]: ['patch', 'delete'],
  [`${repository}/issues/{issue_number}/comments`]: ['get', 'post'],
  [`${repository}/pulls/{pull_number}`]: ['get'],
  [`${repository}/pulls/{pull_number}/commits`]: ['get'],
};

/** The kinds of objects that the simulator's GitHub sends. */
const sent = [
  'check-run',
  'commit',
  'commit-comment',
  'commit-comparison',
  'deployment',
  'deployment-status',
  'environment',
  'issue-comment',
  'private-user',
  'pull-request',
  'pull-request-simple',
  'simple-user',
  'workflow-run',
] as const;

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
type Members = { readonly [name: string]: Json };

/** Words for readers; they decide about no request and no answer. */
const words: ReadonlySet<string> = new Set([
  'description',
  'title',
  'example',
  'examples',
  'default',
  'deprecated',
  'externalDocs',
  'readOnly',
]);

const isMembers = (value: Json | undefined): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const members = (value: Json | undefined): Members => (isMembers(value) ? value : {});

/** A schema without words, in JSON Schema: OpenAPI 3.0 writes `nullable: true` where JSON Schema has the type `null`. */
const plainSchema = (schema: Json): Json => {
  if (Array.isArray(schema)) return schema.map((part: Json) => plainSchema(part));
  if (!isMembers(schema)) return schema;
  const { nullable, properties, ...rest } = schema;
  const plain: Members = {
    ...Object.fromEntries(
      Object.entries(rest)
        .filter(([name]) => !words.has(name) && !name.startsWith('x-'))
        .map(([name, value]) => [name, name === 'enum' || name === 'required' ? value : plainSchema(value)]),
    ),
    // The names of properties are no keywords: one is called `description`.
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(members(properties)).map(([name, value]) => [name, plainSchema(value)]),
          ),
        }),
  };
  return nullable === true ? { anyOf: [plain, { type: 'null' }] } : plain;
};

/** The names of the component schemas that a part refers to. */
const referred = (part: Json): readonly string[] =>
  [...JSON.stringify(part).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(([, name = '']) => name);

/** The smallest value of a schema: required members only. */
const smallest = (given: Json, schemas: ReadonlyMap<string, Json>): Json => {
  const resolved = (part: Json): Members => {
    const [name] = referred({ $ref: members(part)['$ref'] ?? '' });
    return name === undefined ? members(part) : resolved(schemas.get(name) ?? {});
  };
  const partsOf = (part: Json): readonly Json[] =>
    ['allOf', 'anyOf', 'oneOf'].flatMap((name) => (resolved(part)[name] ?? []) as readonly Json[]);
  const propertiesOf = (part: Json): Members => ({
    ...Object.assign({}, ...partsOf(part).map(propertiesOf)),
    ...members(resolved(part)['properties']),
  });
  const schema = resolved(given);
  const alternatives = (schema['anyOf'] ?? schema['oneOf'] ?? []) as readonly Json[];
  if (alternatives.some((one) => members(one)['type'] === 'null')) return null;
  const all = [...((schema['allOf'] ?? []) as readonly Json[]), ...alternatives.slice(0, 1)];
  const [one] = (schema['enum'] ?? []) as readonly Json[];
  if (one !== undefined) return one;
  switch (schema['type']) {
    case 'string':
      return (
        { uri: 'https://github.example/', 'date-time': '2026-01-05T09:00:00Z', email: 'mina@acme.example' }[
          String(schema['format'])
        ] ?? ''
      );
    case 'integer':
    case 'number':
      return 0;
    case 'boolean':
      return false;
    case 'array':
      return [];
    case undefined: {
      if (schema['properties'] !== undefined || all.length === 0) break;
      const parts = all.map((part) => smallest(part, schemas));
      return parts.every(isMembers) ? Object.assign({}, ...parts) : (parts[0] ?? null);
    }
  }
  const properties = propertiesOf(schema);
  return Object.fromEntries(
    ((schema['required'] ?? []) as readonly string[]).map((name) => [name, smallest(properties[name] ?? {}, schemas)]),
  );
};

const cut = (description: Members): { readonly whole: string; readonly simulated: string } => {
  const components = members(description['components']);
  const schemas = members(components['schemas']);
  const follow = (part: Json): Members => {
    const reference = members(part)['$ref'];
    if (typeof reference !== 'string') return members(part);
    const [, , kind = '', name = ''] = reference.split('/');
    return members(members(components[kind])[name]);
  };
  const contentOf = (part: Json | undefined): Json => {
    const [content] = Object.values(members(follow(part ?? {})['content']));
    return plainSchema(members(content)['schema'] ?? {});
  };
  const operation = (path: string, method: string): Members => {
    const found = members(members(members(description['paths'])[path])[method]);
    if (Object.keys(found).length === 0) throw new Error(`${source} has no ${method} ${path}`);
    const { parameters = [], requestBody, responses, operationId = '' } = found;
    return {
      operationId,
      parameters: (parameters as readonly Json[]).map((parameter) => {
        const { name = '', in: place = '', required = false, schema = {} } = follow(parameter);
        return { name, in: place, required, schema: plainSchema(schema) };
      }),
      ...(requestBody === undefined ? {} : { requestBody: contentOf(requestBody) }),
      responses: Object.fromEntries(
        Object.entries(members(responses)).map(([status, response]) => [
          status,
          follow(response)['content'] === undefined ? null : contentOf(response),
        ]),
      ),
    };
  };
  const paths = Object.fromEntries(
    Object.entries(calls).map(([path, methods]) => [
      path,
      Object.fromEntries(methods.map((method) => [method, operation(path, method)])),
    ]),
  );
  const needed = new Map<string, Json>();
  const queue = [...referred(paths)];
  for (const name of queue) {
    if (needed.has(name)) continue;
    const schema = plainSchema(schemas[name] ?? {});
    needed.set(name, schema);
    queue.push(...referred(schema));
  }
  const sorted = new Map([...needed].sort(([one], [other]) => (one < other ? -1 : 1)));
  return { whole: page(paths, sorted), simulated: simulatedPage(paths, sorted) };
};

const simulatedPage = (paths: Members, schemas: ReadonlyMap<string, Json>): string =>
  [
    '{',
    `"source": ${JSON.stringify(source)},`,
    '"calls": [',
    ...separated(
      Object.entries(paths).flatMap(([path, methods]) =>
        Object.entries(members(methods)).map(([method, call]) =>
          JSON.stringify({ operationId: members(call)['operationId'] ?? '', method: method.toUpperCase(), path }),
        ),
      ),
    ),
    '],',
    '"smallest": {',
    ...separated(
      sent.map((name) => {
        const schema = schemas.get(name);
        if (schema === undefined) throw new Error(`no call sends a ${name}`);
        return `${JSON.stringify(name)}: ${JSON.stringify(smallest(schema, schemas))}`;
      }),
    ),
    '} }',
    '',
  ].join('\n');

/** One line for each call and each schema: a newer description shows in a readable difference. */
const page = (paths: Members, schemas: ReadonlyMap<string, Json>): string =>
  [
    '{',
    `"source": ${JSON.stringify(source)},`,
    '"paths": {',
    ...separated(Object.entries(paths).map(([path, found]) => `${JSON.stringify(path)}: ${JSON.stringify(found)}`)),
    '},',
    '"components": { "schemas": {',
    ...separated([...schemas].map(([name, schema]) => `${JSON.stringify(name)}: ${JSON.stringify(schema)}`)),
    '} } }',
    '',
  ].join('\n');

const separated = (lines: readonly string[]): readonly string[] =>
  lines.map((line, index) => (index < lines.length - 1 ? `${line},` : line));

const fetched = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'openapi-'));
  try {
    const packed = execFileSync('npm', ['pack', source, '--silent', '--pack-destination', folder], {
      encoding: 'utf8',
    });
    const file = 'package/generated/api.github.com.json';
    execFileSync('tar', ['-xzf', join(folder, packed.trim()), '-C', folder, file]);
    return readFileSync(join(folder, file), 'utf8');
  } finally {
    rmSync(folder, { recursive: true });
  }
};

const { values: options } = parseArgs({ options: { from: { type: 'string' } } });
const text = options.from === undefined ? fetched() : readFileSync(options.from, 'utf8');
const written = cut(JSON.parse(text) as Members);
for (const [path, content] of [
  ['../test/github/openapi.generated.json', written.whole],
  ['../simulator/github/description.generated.json', written.simulated],
] as const) {
  const file = resolve(import.meta.dirname, path);
  writeFileSync(file, content);
  console.log(`${file}: ${content.length.toLocaleString('en')} characters`);
}
