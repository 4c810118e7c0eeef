import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { commands } from '../../src/commands/all.ts';
import { helpOf } from '../../src/commands/help.ts';
import { commonInputs, commonOutputs, githubInputs } from '../../src/inputs/common-inputs.ts';
import { fieldsOf, wireName } from '../../src/inputs/read-inputs.ts';
import type { OperationName } from '../../src/operation.ts';
import { operations } from '../../src/operations/all.ts';
import type { Field, OutputSchema, Schema } from '../../src/schema.ts';

interface ActionYml {
  readonly name: string;
  readonly description: string;
  readonly inputs: Readonly<
    Record<string, { readonly description: string; readonly required: boolean; readonly default?: unknown }>
  >;
  readonly outputs: Readonly<Record<string, { readonly description: string }>>;
  readonly runs: Readonly<Record<string, string>>;
}

/** First cells of the table between two markers, without the backticks. */
const tableNames = (readme: string, marker: string): string[] =>
  (readme.split(`<!-- ${marker} -->`)[1]?.split(`<!-- /${marker} -->`)[0] ?? '')
    .split('\n')
    .flatMap((line) => /^\| `([^`]+)` \|/.exec(line)?.[1] ?? []);

describe.each(
  Object.entries<{
    name: OperationName;
    description: string;
    inputs: Schema<object>;
    files?: Schema<object>;
    outputs: OutputSchema<object>;
  }>(operations),
)('action %s', (name, operation) => {
  const folder = `actions/${name}`;
  const action = (): ActionYml => parse(readFileSync(`${folder}/action.yml`, 'utf8'));
  const readme = (): string => readFileSync(`${folder}/README.md`, 'utf8');
  const own = fieldsOf(operation.inputs);
  const shared = fieldsOf({ ...commonInputs, ...githubInputs, ...operation.files });
  const declared = new Map<string, Field<unknown>>([...own, ...shared]);
  const outputs = [...Object.keys(operation.outputs).map(wireName), ...Object.keys(commonOutputs)];

  it('is called what it is', () => {
    expect(operation.name).toBe(name);
    expect(readFileSync(`${folder}/main.ts`, 'utf8')).toContain(`import('../../src/operations/${name}.ts')`);
    expect(action()).toMatchObject({ name: `model-delivery: ${name}`, description: operation.description });
  });

  it('takes exactly what is declared', () => {
    expect(Object.keys(action().inputs)).toEqual([...declared.keys()]);
    for (const [input, { required, default: given }] of Object.entries(action().inputs)) {
      const field = declared.get(input);
      expect({ input, required, given }).toEqual({ input, required: field?.required, given: field?.default });
    }
  });

  it('gives no input two meanings', () => {
    const names = [...own, ...shared].map(([input]) => input);
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(outputs).size).toBe(outputs.length);
  });

  it('has defaults and examples that its own parsers accept', () => {
    for (const [input, field] of declared) {
      if (field.kind === 'file') continue;
      for (const value of [field.default, field.example]) if (value !== undefined) field.parse(value, input);
      expect(field.required && field.default !== undefined).toBe(false);
    }
  });

  it('sets exactly what is declared', () => {
    expect(Object.keys(action().outputs)).toEqual(outputs);
  });

  it('passes names and versions, not ARNs', () => {
    for (const output of outputs) expect(output).not.toMatch(/\barn\b/);
  });

  it('is documented in its README, input by input and output by output', () => {
    expect(tableNames(readme(), 'inputs')).toEqual([...declared.keys()]);
    expect(tableNames(readme(), 'outputs')).toEqual(outputs);
  });

  it('is explained by --help with the same words', async () => {
    const help = helpOf(name, await commands[operation.name]());
    for (const [input, field] of own) {
      expect(help).toMatch(new RegExp(`^  --(\\[no-\\])?${input}\\b`, 'm'));
      expect(help).toContain(field.description);
      expect(action().inputs[input]?.description).toContain(field.description);
    }
  });

  it('shows a workflow in its README whose inputs exist', () => {
    const workflow: unknown = parse(/```yaml\n([\s\S]*?)```/.exec(readme())?.[1] ?? '');
    const used = Object.values(
      (workflow as { jobs: Record<string, { steps: { uses: string; with?: object }[] }> }).jobs,
    )
      .flatMap((job) => job.steps)
      .filter((step) => step.uses.includes(`/${folder}@`));
    expect(used).toHaveLength(1);
    const given = Object.keys(used[0]?.with ?? {});
    expect([...declared.keys()]).toEqual(expect.arrayContaining(given));
    const needed = [...declared].filter(([, field]) => field.required).map(([input]) => input);
    expect(given).toEqual(expect.arrayContaining(needed));
  });

  it('runs on Node 24, with one bundle for main and post', () => {
    expect(action().runs).toEqual({ using: 'node24', main: 'dist/index.cjs', post: 'dist/index.cjs' });
    expect(existsSync(`${folder}/main.ts`)).toBe(true);
  });
});
