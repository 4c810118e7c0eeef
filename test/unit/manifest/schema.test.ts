import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { jsonSchema } from '../../../src/manifest/json-schema.ts';
import { loadManifest } from '../../../src/manifest/load.ts';

const read = (name: string): string => readFileSync(new URL(`../../../${name}`, import.meta.url), 'utf8');
/** Beside them lie workflows, and predictions. */
const examples = readdirSync(new URL('../../../examples/', import.meta.url)).filter(
  (name) => name.endsWith('.yml') && read(`examples/${name}`).includes('delivery.schema.json'),
);
const validate = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(jsonSchema());

describe('the JSON Schema for editors', () => {
  test.each(examples)('accepts examples/%s', (name) => {
    validate(parse(read(`examples/${name}`)));
    expect(validate.errors).toBeNull();
    expect(loadManifest(read(`examples/${name}`), name).model).toBe('churn');
  });

  test.each([
    ['an unknown key', 'region:', 'regoin:'],
    ['an unknown strategy', 'strategy: canary', 'strategy: canry'],
    ['a number for an account', '"111122223333"', '111122223333'],
    ['a duration without a unit', 'bake: 10m', 'bake: 10'],
    ['a missing minimum-requests', '      minimum-requests: 600\n', ''],
    ['a key of another strategy', 'size: 25%', 'size: 25%\n      batch: 25%'],
    ['an environment without an endpoint', /^ {4}endpoint:.*\n( {6}.*\n)*/m, ''],
    ['a target without its lambda', /^ {4}endpoint:.*\n( {6}.*\n)*/m, '    target: lambda-alias\n'],
  ])('refuses %s, as the loader does', (_, passage, replacement) => {
    const text = read('examples/delivery.yml').replace(passage, replacement);
    expect(() => loadManifest(text, 'x')).toThrow();
    expect(validate(parse(text))).toBe(false);
  });

  test.each([
    'target: lambda-alias\n    lambda: { function: churn, alias: live, application: churn, deployment-group: live }',
    'target: ecs-service\n    service: { cluster: ml, name: churn, task-definition: churn, application: churn, deployment-group: live }',
  ])('accepts a target of CodeDeploy in place of an endpoint, as the loader does: %s', (target) => {
    const text = `version: 1
model: churn
environments:
  production:
    ${target}
    rollout: { strategy: all-at-once, final-bake: 0s, minimum-requests: 0 }
`;
    validate(parse(text));
    expect(validate.errors).toBeNull();
    expect(loadManifest(text, 'x').byCodeDeploy).toHaveProperty('production');
  });

  test('explains every key', () => {
    const unexplained: string[] = [];
    const walk = (node: unknown, path: string): void => {
      if (typeof node !== 'object' || node === null) return;
      const properties: unknown = Reflect.get(node, 'properties');
      for (const [key, child] of Object.entries(properties ?? {}))
        if (typeof Reflect.get(child, 'description') !== 'string') unexplained.push(`${path}.${key}`);
      for (const [key, child] of Object.entries(node)) walk(child, `${path}.${key}`);
    };
    walk(jsonSchema(), '$');
    expect(unexplained).toEqual([]);
  });

  test('closes every mapping', () => {
    expect(JSON.stringify(jsonSchema())).not.toContain('"additionalProperties":true');
    expect(jsonSchema()).toMatchObject({ title: 'delivery.yml', additionalProperties: false });
  });
});
