import { expect, test } from '@jest/globals';
import { runFrom } from '../../src/hosts/run.ts';
import { folder } from '../../src/inputs/folder.ts';
import { readInputs } from '../../src/inputs/read-inputs.ts';
import type { Memory } from '../../src/operation.ts';
import type { AnyOperation } from '../../src/operations/all.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import type { ReasonCode } from '../../src/reason-codes.ts';
import { manifestText, rehearsedTeam, rollouts } from '../../src/rehearsal/manifest.ts';
import { openSession, targetOf } from '../../src/session/session.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { atRest } from '../support/at-rest.ts';
import { expectHostConformance, type Stage } from '../support/conformance.ts';
import { temporaries, testRecords, withRegression } from '../support/golden-set.ts';
import { rowsOf } from '../support/operation-rows.ts';

const allAtOnce = (text: string): string =>
  text.replace(rollouts.canary.split(', ').join('\n      '), rollouts.allAtOnce.split(', ').join('\n      '));

interface Case {
  readonly name: string;
  readonly ends: `${string}/${ReasonCode}`;
  /** After which turns the memory is thrown away. */
  readonly forgetAfter: readonly (number | 'every turn')[];
  /** The end of a run that finds its own work and does not remember doing it. */
  readonly foundAgain?: ReasonCode;
  /** Sets the stage; gives the inputs besides manifest and environment. */
  readonly stage: (account: TestAccount) => Promise<Readonly<Record<string, string>>>;
  /** The calls that must be among the writes; none where the operation writes nothing. */
  readonly writes: readonly string[];
}

/** A fresh account for every way of driving. */
const stageOf = async (operation: AnyOperation, { stage }: Case): Promise<Stage<object, Memory, object>> => {
  const account = await openAccount();
  const { simulator, environment, manifest } = account;
  const written: Readonly<Record<string, string>> = {
    manifest,
    environment: rehearsedTeam.environment,
    ...(await stage(account)),
  };
  const values = readInputs<object>(operation.inputs, (name) => written[name]);
  const session = await openSession({
    target: targetOf(values),
    env: environment,
    run: runFrom(environment, 'github-actions'),
    workspace: folder(process.cwd()),
    clock: simulator.driver,
    dryRun: false,
    signal: new AbortController().signal,
  });
  const seen = account.watch();
  return {
    operation: () => operation,
    inputs: values,
    clock: simulator.driver,
    worldFor: session.worldFor,
    // The record and its journal are written as often as turns are taken.
    mutations: () =>
      seen()
        .filter(
          ({ mutation, service, resource }) => mutation && !(service === 's3' && /record\.json|journal/.test(resource)),
        )
        .map(
          ({ service, operation: name, resource, error }) =>
            `${service}:${name} ${resource}${error ? ` (${error})` : ''}`,
        ),
    shows: async () => ({
      ...(account.hasEndpoint() ? await atRest(account) : {}),
      temporary: await temporaries(account),
      tests: testRecords(account).map(({ attempt, verdict }) => ({ attempt, verdict: verdict?.verdict })),
    }),
    close: account.close,
  };
};

const producing = async (account: TestAccount, version: '1.1.0' | '1.4.0'): Promise<void> => {
  await account.inProduction('1.0.0');
  await account.prepare(version);
};

const dark = async (account: TestAccount): Promise<Readonly<Record<string, string>>> => {
  await account.inProduction('1.0.0');
  account.writeManifest(() => manifestText({ rollout: `${rollouts.steps}, max-step: 6h` }));
  await account.prepare('1.1.0');
  await account.run(deployEndpoint, { version: '1.1.0' });
  return { version: '1.1.0' };
};

const rows = rowsOf<Case>({
  'register-model': [
    {
      name: 'a new version',
      ends: 'succeeded/registered',
      forgetAfter: [2],
      stage: async (account) => account.registration('1.0.0'),
      writes: ['sagemaker:CreateModelPackage'],
    },
    {
      name: 'a new version that is found again',
      ends: 'succeeded/registered',
      forgetAfter: ['every turn'],
      foundAgain: 'already-registered',
      stage: async (account) => account.registration('1.0.0'),
      writes: ['sagemaker:CreateModelPackage'],
    },
  ],
  'approve-gate': [
    {
      name: 'an approved version',
      ends: 'succeeded/approved',
      forgetAfter: [2, 'every turn'],
      stage: async (account) => {
        await account.prepare('1.0.0');
        return { version: '1.0.0' };
      },
      writes: [],
    },
  ],
  'regression-test': [
    {
      name: 'a version as good as the one that serves',
      ends: 'succeeded/regression-passed',
      forgetAfter: [2, 5, 'every turn'],
      stage: async (account) => {
        await producing(account, '1.1.0');
        withRegression(account);
        return { version: '1.1.0' };
      },
      writes: [
        'sagemaker:CreateModel',
        'sagemaker:CreateEndpointConfig',
        'sagemaker:CreateEndpoint',
        'sagemaker:DeleteEndpoint',
        'sagemaker:DeleteEndpointConfig',
        'sagemaker:DeleteModel',
        'sagemaker:UpdateModelPackage',
      ],
    },
  ],
  'deploy-endpoint': [
    {
      name: 'the first version',
      ends: 'succeeded/delivered',
      forgetAfter: [2, 6],
      stage: async (account) => {
        await account.prepare('1.0.0');
        return { version: '1.0.0' };
      },
      writes: ['sagemaker:CreateModel', 'sagemaker:CreateEndpointConfig', 'sagemaker:CreateEndpoint'],
    },
    {
      name: 'a good version by canary',
      ends: 'succeeded/delivered',
      forgetAfter: [12, 'every turn'],
      stage: async (account) => {
        await producing(account, '1.1.0');
        return { version: '1.1.0' };
      },
      writes: ['sagemaker:UpdateEndpoint'],
    },
    {
      name: 'a bad version all at once, taken back by its alarm',
      ends: 'rolled-back/alarm',
      forgetAfter: ['every turn'],
      stage: async (account) => {
        await producing(account, '1.4.0');
        account.writeManifest(allAtOnce);
        return { version: '1.4.0' };
      },
      writes: ['sagemaker:UpdateEndpoint'],
    },
  ],
  'shift-traffic': [
    {
      name: 'a good version by steps',
      ends: 'succeeded/delivered',
      forgetAfter: [5, 'every turn'],
      stage: dark,
      writes: ['sagemaker:UpdateEndpointWeightsAndCapacities', 'sagemaker:UpdateEndpoint'],
    },
  ],
  rollback: [
    {
      name: 'to the version before',
      ends: 'succeeded/restored',
      forgetAfter: [3, 'every turn'],
      stage: async (account) => {
        await producing(account, '1.1.0');
        await account.run(deployEndpoint, { version: '1.1.0' });
        return { because: 'gardeners complain' };
      },
      writes: ['sagemaker:UpdateEndpoint'],
    },
  ],
}).flatMap((row) => row.forgetAfter.map((forgetAfter) => ({ ...row, forgetAfter })));

test.each(rows)(
  '$operation.name of $name ends the same in one loop, turn by turn, and without memory after $forgetAfter',
  async ({ operation, forgetAfter, foundAgain, ends, writes, ...row }) => {
    const { outcome, reason, mutations } = await expectHostConformance(
      () => stageOf(operation, { ...row, ends, writes, forgetAfter: [forgetAfter] }),
      { forgetAfter, ...(foundAgain ? { foundAgain } : {}) },
    );
    expect(`${outcome}/${reason}`).toBe(ends);
    const calls = mutations.map((mutation) => mutation.split(' ')[0]);
    expect(calls).toEqual(expect.arrayContaining([...writes]));
    expect(calls.length > 0).toBe(writes.length > 0);
    // A config that serves already is not asked for a second time.
    if (writes.includes('sagemaker:UpdateEndpoint') && operation.name === 'deploy-endpoint')
      expect(calls.filter((call) => call === 'sagemaker:UpdateEndpoint')).toHaveLength(1);
  },
);
