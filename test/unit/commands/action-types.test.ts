import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import nock from 'nock';
import { startSimulator } from '../../../simulator/simulator.ts';
import { actionTypes } from '../../../src/commands/action-types.ts';
import { actionTypeId, actionTypeOf } from '../../../src/hosts/codepipeline/action-types.ts';
import { operations } from '../../../src/operations/all.ts';
import { url } from '../../support/aws.ts';
import { runCommand } from '../../support/run-command.ts';

const definitions = Object.values(operations).map(actionTypeOf);

describe('action-types', () => {
  type Simulator = Awaited<ReturnType<typeof startSimulator>>;
  let simulator: Simulator;
  beforeEach(async () => {
    simulator = await startSimulator();
    Object.assign(process.env, simulator.environment());
  });
  afterEach(() => simulator.close());

  const run = (...args: string[]) => runCommand(actionTypes, args, { env: simulator.environment() });
  const created = () => simulator.requests.filter(({ operation }) => operation === 'CreateCustomActionType').length;

  it('are created once, and then known', async () => {
    const listed = await run('list');
    expect(listed.code).toBe(0);
    expect(created()).toBe(0);
    expect(listed.out.join('\n').match(/missing/g)).toHaveLength(definitions.length);
    expect((await run('create')).code).toBe(0);
    expect(created()).toBe(definitions.length);
    const again = await run('create', '--json');
    expect(again.code).toBe(0);
    expect(created()).toBe(definitions.length);
    expect(JSON.parse(again.out.join('\n'))).toEqual(
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
    const { code, err } = await run('create');
    expect(code).toBe(1);
    expect(created()).toBe(0);
    expect(err.join('\n')).toMatch(/version 1 of md-rollback has another definition/);
  });

  it('are listed or created, and nothing else', async () => {
    const wrong = await run('delete');
    expect(wrong.code).toBe(2);
    expect(wrong.err.join('\n')).toMatch(/"delete" is not expected/);
    const empty = await run();
    expect(empty.code).toBe(2);
    expect(empty.err.join('\n')).toMatch(/write action-types list or action-types create/);
    const misspelt = await run('list', '--jsno');
    expect(misspelt.code).toBe(2);
    expect(misspelt.err.join('\n')).toMatch(/did you mean --json\?/);
  });
});

// Nock changes `http`, which the next test file of this process uses too.
afterAll(() => nock.restore());

describe('an answer that is not of CodePipeline', () => {
  afterEach(() => nock.cleanAll());
  const listed = (status: number, body: object) => {
    nock(url).post('/').reply(status, body, { 'content-type': 'application/x-amz-json-1.1' });
    const credentials = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret' };
    return runCommand(actionTypes, ['list'], {
      env: { AWS_ENDPOINT_URL: url, AWS_REGION: 'eu-west-1', ...credentials },
    });
  };

  it('is no empty list: the command does not call every action type missing', async () => {
    const { code, out, err } = await listed(200, {});
    expect({ code, out }).toEqual({ code: 1, out: [] });
    expect(err.join('\n')).toMatch(
      /^action-types: failed\/endpoint-unreachable\n {2}codepipeline:ListActionTypes .*\n {2}what to do: /,
    );
  });

  it('is reported with what to do', async () => {
    const { code, err } = await listed(400, { __type: 'AccessDeniedException', message: 'not yours' });
    expect(code).toBe(1);
    expect(err.join('\n')).toMatch(
      /^action-types: failed\/access-denied\n {2}.* was denied: .*\n {2}what to do: Grant the permission/,
    );
  });
});
