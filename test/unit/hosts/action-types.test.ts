import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startSimulator } from '../../../simulator/simulator.ts';
import { runActionTypes } from '../../../src/commands/manage-action-types.ts';
import { actionTypeId, actionTypeOf, jobFields } from '../../../src/hosts/codepipeline/action-types.ts';
import type { CommandLine } from '../../../src/hosts/command-line/command-line.ts';
import { operations } from '../../../src/operations/all.ts';

const definitions = Object.values(operations).map(actionTypeOf);

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
    for (const [input, { required }] of jobFields(operation)) {
      const property = properties.find(({ name: key }) => key === input);
      if (property === undefined) expect(further).toContain(input);
      expect(property?.required ?? false).toBe(required);
    }
  });
});

describe('action-types', () => {
  type Simulator = Awaited<ReturnType<typeof startSimulator>>;
  let simulator: Simulator;
  let out: string[];
  let err: string[];
  beforeEach(async () => {
    simulator = await startSimulator();
    Object.assign(process.env, simulator.environment());
    out = [];
    err = [];
  });
  afterEach(() => simulator.close());

  const run = (...args: string[]) => {
    const host: CommandLine = {
      env: simulator.environment(),
      terminal: { out: (text) => out.push(text), err: (text) => err.push(text) },
      cancellation: { signal: new AbortController().signal, outOfTime: new Promise(() => {}) },
    };
    return runActionTypes(args, host);
  };
  const created = () => simulator.requests.filter(({ operation }) => operation === 'CreateCustomActionType').length;

  it('are created once, and then known', async () => {
    expect(await run('list')).toBe(0);
    expect(created()).toBe(0);
    expect(out.join('\n').match(/missing/g)).toHaveLength(definitions.length);
    expect(await run('create')).toBe(0);
    expect(created()).toBe(definitions.length);
    expect(await run('create', '--json')).toBe(0);
    expect(created()).toBe(definitions.length);
    expect(JSON.parse(out.at(-1) ?? '')).toEqual(
      definitions.map(({ category, provider, version }) => ({ category, provider, version, standing: 'exists' })),
    );
  });

  it('of the same version with another definition stop everything, and nothing is created', async () => {
    const { category, provider, version } = actionTypeId('rollback');
    await simulator.call('codepipeline', 'CreateCustomActionType', {
      category,
      provider,
      version,
      inputArtifactDetails: { minimumCount: 0, maximumCount: 0 },
      outputArtifactDetails: { minimumCount: 0, maximumCount: 0 },
    });
    expect(await run('create')).toBe(1);
    expect(created()).toBe(0);
    expect(err.join('\n')).toMatch(/version 1 of md-rollback has another definition/);
  });

  it('are listed or created, and nothing else', async () => {
    expect(await run('delete')).toBe(2);
    expect(err.join('\n')).toMatch(/"delete" is not expected/);
    expect(await run()).toBe(2);
    expect(err.at(-1)).toMatch(/write action-types list or action-types create/);
    expect(await run('list', '--jsno')).toBe(2);
    expect(err.at(-1)).toMatch(/did you mean --json\?/);
  });
});
