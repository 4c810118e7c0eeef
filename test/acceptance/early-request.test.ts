import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Fault } from '../../simulator/contracts.ts';
import { manifestText, rehearsedTeam } from '../../src/rehearsal/manifest.ts';
import { openStage, type RehearsedRelease, type Stage } from '../../src/rehearsal/stage.ts';

// The bundles ask AWS who their keys belong to while they load. Here the keys are in the variables, and the manifest names no role.

const plain = manifestText({}).replace(/^ +role: .*\n/m, '');
const ofAnotherAccount = plain.replace(rehearsedTeam.account, '999988887777');

describe('the request before everything else', () => {
  let stage: Stage;
  let release: RehearsedRelease;
  beforeAll(async () => {
    stage = await openStage();
    release = await stage.begin('early', '1.0.0');
  });
  afterAll(() => stage.close());
  let before = 0;
  beforeEach(() => {
    before = stage.simulator.requests.length;
  });
  const run = async (manifest: string, inputs: Readonly<Record<string, string>> = {}) => {
    writeFileSync(join(stage.workspace, 'delivery.yml'), manifest);
    const { exit, outputs } = await release.run('approve-gate', inputs);
    return {
      code: exit.code,
      reason: outputs['reason-code'],
      asked: stage.simulator.requests.slice(before).map(({ operation, status }) => `${operation} ${status}`),
    };
  };

  test('is the one that says which account it is', async () => {
    expect(await run(ofAnotherAccount)).toEqual({
      code: 1,
      reason: 'wrong-account',
      asked: ['GetCallerIdentity 200'],
    });
  });

  test('is on its way when a manifest turns out to be wrong, and nothing follows it', async () => {
    expect(await run(plain.replace('minimum-requests', 'minimum-request'))).toEqual({
      code: 1,
      reason: 'invalid-manifest',
      asked: ['GetCallerIdentity 200'],
    });
  });

  test.each<Fault>([
    { kind: 'throttle', times: 1, service: 'sts' },
    { kind: 'server-error', times: 1, service: 'sts' },
    { kind: 'answer-lost', times: 1, service: 'sts' },
  ])('is asked again in the usual way after %j', async (fault) => {
    stage.simulator.faults.add(fault);
    const { reason, asked } = await run(ofAnotherAccount);
    expect(reason).toBe('wrong-account');
    expect(asked).toHaveLength(2);
    expect(asked.at(-1)).toBe('GetCallerIdentity 200');
  });

  test.each([
    ['a role in the manifest', manifestText({}).replace(rehearsedTeam.account, '999988887777'), {}],
    ['a role in the inputs', ofAnotherAccount, { role: 'model-planner' }],
    ['an environment that is not there', plain, { environment: 'prodution' }],
  ])('is not sent with %s', async (_, manifest, inputs) => {
    const { asked } = await run(manifest, inputs);
    expect(asked.filter((call) => call.startsWith('GetCallerIdentity'))).toEqual([]);
  });
});
