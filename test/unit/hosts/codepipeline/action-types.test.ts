import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { actionTypeOf, jobFields } from '../../../../src/hosts/codepipeline/action-types.ts';
import { operations } from '../../../../src/operations/all.ts';

describe.each(Object.entries(operations))('the action type of %s', (name, operation) => {
  const definition = actionTypeOf(operation);
  const properties = definition.configurationProperties;

  it('is what is committed', () => {
    expect(JSON.parse(readFileSync(`codebuild/action-types/${name}.json`, 'utf8'))).toEqual(definition);
  });

  it('has names that the API and the guide both take', () => {
    expect(definition.provider).toMatch(/^[0-9A-Za-z_-]{1,25}$/);
    expect(definition.version).toMatch(/^[0-9A-Za-z_-]{1,9}$/);
    expect(properties.length).toBeLessThanOrEqual(10);
    for (const { name: key, description } of properties) {
      expect(key.length).toBeLessThanOrEqual(50);
      expect(description.length).toBeLessThanOrEqual(160);
    }
  });

  it('lets a pipeline say every input, and asks for the required ones', () => {
    const further = properties.find(({ name: key }) => key === 'further-inputs')?.description ?? '';
    const readme = readFileSync(`actions/${operation.name}/README.md`, 'utf8');
    for (const [input, { required }] of jobFields(operation)) {
      const property = properties.find(({ name: key }) => key === input);
      // A description has 160 characters; the README that an ellipsis stands for names every input.
      if (property === undefined && further.endsWith('…')) expect(readme).toContain(`| \`${input}\``);
      else if (property === undefined) expect(further).toContain(input);
      expect(property?.required ?? false).toBe(required);
    }
  });
});

it('an input that saves the time of a runner is none of an action, which waits without one', () => {
  const names = jobFields(operations['deploy-endpoint']).map(([name]) => name);
  expect(names).toContain('once');
  expect(names).not.toContain('follow');
});
