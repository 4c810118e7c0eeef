/**
 * Cuts test/github/openapi.generated.json out of GitHub's OpenAPI description: the calls of src/github/, with the schemas they need, for the fake
 * GitHub of the tests. The whole description has 13 MB.
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
};

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

const cut = (description: Members): string => {
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
  return page(paths, new Map([...needed].sort(([one], [other]) => (one < other ? -1 : 1))));
};

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
const file = resolve(import.meta.dirname, '../test/github/openapi.generated.json');
writeFileSync(file, cut(JSON.parse(text) as Members));
console.log(`${file}: ${readFileSync(file).length.toLocaleString('en')} bytes`);
