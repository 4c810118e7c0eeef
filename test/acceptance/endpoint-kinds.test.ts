import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { minutes } from '../../src/clock.ts';
import type { OperationName } from '../../src/operation.ts';
import type { AnyOperation } from '../../src/operations/all.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { registerModel } from '../../src/operations/register-model.ts';
import { regressionTest } from '../../src/operations/regression-test.ts';
import { rollback } from '../../src/operations/rollback.ts';
import { shiftTraffic } from '../../src/operations/shift-traffic.ts';
import { type KindOfOthers, makeForOthers } from '../../src/rehearsal/endpoints-of-others.ts';
import { manifestText, rollouts, rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import type { EndpointKind } from '../../src/release/record.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { putGoldenSet, regressionText } from '../support/golden-set.ts';

const operations = {
  'regression-test': regressionTest,
  'deploy-endpoint': deployEndpoint,
  'shift-traffic': shiftTraffic,
  rollback,
} as const;
/** `register-model` and `approve-gate` look at no endpoint. */
type Looking = Exclude<OperationName, 'register-model' | 'approve-gate'>;

/** The end of each operation on such an endpoint, and a part of its sentence. */
type Row = Readonly<Record<Looking, readonly [reason: string, words: string]>>;

const noCandidate = ['no-candidate', 'has no dark candidate of 1.1.0'] as const;
const noHistory = ['nothing-to-roll-back-to', 'the history is empty'] as const;
/** Its requests reach the model that serves. */
const planned = ['planned', ''] as const;
const unasked = (words: string) => ['endpoint-unusable', words] as const;
/** No delivery may touch it. */
const untouchable = (words: string, test: Row['regression-test'] = planned): Row => ({
  'regression-test': test,
  'deploy-endpoint': ['endpoint-unusable', words],
  'shift-traffic': ['endpoint-unusable', words],
  rollback: ['endpoint-unusable', words],
});
/** It is another kind than the manifest's: one model on instances. */
const other = (kind: string, shift: Row['shift-traffic'], test: Row['regression-test'] = planned): Row => ({
  'regression-test': test,
  'deploy-endpoint': ['endpoint-unusable', `set \`replaces-kind: ${kind}\``],
  'shift-traffic': shift,
  rollback: noHistory,
});

/** The compiler refuses a table without one of the kinds. */
const rows: Readonly<Record<EndpointKind, Row>> = {
  instances: {
    'regression-test': planned,
    'deploy-endpoint': ['planned', ''],
    'shift-traffic': noCandidate,
    rollback: noHistory,
  },
  stepped: {
    'regression-test': planned,
    'deploy-endpoint': ['planned', ''],
    'shift-traffic': ['planned', ''],
    rollback: ['planned', 'remove the candidate 1.1.0, which has no traffic'],
  },
  shifting: {
    'regression-test': planned,
    'deploy-endpoint': ['endpoint-unusable', '(AllTraffic, AllTraffic-next): end the traffic shift first'],
    'shift-traffic': ['planned', ''],
    rollback: ['planned', ''],
  },
  serverless: other('serverless', ['endpoint-unusable', 'serves one model without instances']),
  asynchronous: other('asynchronous', ['endpoint-unusable', 'takes asynchronous requests']),
  serial: other('serial', noCandidate),
  'asynchronous-serial': other('asynchronous-serial', ['endpoint-unusable', 'asynchronous requests by several']),
  direct: other(
    'direct',
    ['endpoint-unusable', 'of which each caller names one'],
    unasked('of which each caller names one'),
  ),
  'multi-model': other(
    'multi-model',
    ['endpoint-unusable', 'serves many models from one S3 prefix'],
    unasked('serves many models from one S3 prefix'),
  ),
  'several-variants': {
    ...untouchable('(main, other): publish an endpoint config with one of them alone first', unasked('(main, other)')),
    rollback: noHistory,
  },
  shadowed: untouchable('has a shadow variant: end the shadow test first'),
  experiment: untouchable('(of-others-experiment-test): stop the experiment first'),
  'inference-components': untouchable('hosts inference components', unasked('hosts inference components')),
  pooled: untouchable('takes its instances from instance pools', unasked('has no instance type of its own')),
};

const kindNames = Object.keys(rows) as readonly EndpointKind[];
const stepped = (text: string): string =>
  text.replace(
    /rollout: .*/,
    `rollout: { ${rollouts.steps.replace('bake: 5m', 'bake: 5m, max-step: 1h')}, minimum-requests: 600 }`,
  );

/** The endpoint of the manifest, on the strategy that the operation needs. */
const manifestFor = (account: TestAccount, name: string, operation: Looking, lines = ''): void =>
  account.writeManifest(() => {
    const text = manifestText({ name, rollout: rollouts.unguarded, unwatched: true }).replace(
      'execution-role: iris-serving',
      `execution-role: iris-serving\n${lines}`,
    );
    if (operation === 'regression-test') return `${text}${regressionText()}`;
    return operation === 'shift-traffic' ? stepped(text) : text;
  });

const ofOthers = (kind: EndpointKind): kind is KindOfOthers => kind !== 'stepped' && kind !== 'shifting';

describe('each operation decides by the kind of the endpoint, before any write', () => {
  let others: TestAccount;
  let own: TestAccount;
  beforeAll(async () => {
    others = await openAccount();
    await others.prepare('1.1.0');
    putGoldenSet(others);
    const until = (instant: number): Promise<void> => others.pass(instant - others.simulator.clock.now());
    for (const kind of kindNames.filter(ofOthers))
      await makeForOthers({ simulator: others.simulator, until }, kind, `of-others-${kind}`);
    own = await openAccount();
    await own.inProduction('1.0.0');
    putGoldenSet(own);
    manifestFor(own, team.endpoint, 'shift-traffic');
    await own.prepare('1.1.0');
    expect((await own.run(deployEndpoint, { version: '1.1.0' }))?.result.reason).toBe('candidate-dark');
  });
  afterAll(async () => {
    await others.close();
    await own.close();
  });

  /** An operator gives the candidate a tenth of the traffic. */
  const share = async (): Promise<void> => {
    await own.simulator.call('sagemaker', 'UpdateEndpointWeightsAndCapacities', {
      EndpointName: team.endpoint,
      DesiredWeightsAndCapacities: [{ VariantName: 'AllTraffic-next', DesiredWeight: 0.1 }],
    });
    await own.pass(minutes(10));
  };

  const looking = Object.keys(operations) as readonly Looking[];
  test.each(kindNames.flatMap((kind) => looking.map((operation) => ({ kind, operation }))))(
    '$operation on $kind',
    async ({ kind, operation }) => {
      const account = ofOthers(kind) ? others : own;
      if (kind === 'shifting' && operation === 'deploy-endpoint') await share();
      manifestFor(account, ofOthers(kind) ? `of-others-${kind}` : team.endpoint, operation);
      const watched = account.watch();
      const asked = operation === 'rollback' ? {} : { version: '1.1.0' };
      const report = await account.run(operations[operation] as AnyOperation, { ...asked, 'dry-run': 'true' });
      const [reason, words] = rows[kind][operation];
      expect(report?.result).toMatchObject({ reason, because: expect.stringContaining(words) });
      expect(watched().filter(({ mutation }) => mutation)).toEqual([]);
    },
  );
});

describe('a rollback over another kind that others made since', () => {
  let account: TestAccount;
  beforeAll(async () => {
    account = await openAccount();
    manifestFor(account, team.endpoint, 'deploy-endpoint');
    await account.prepare('1.0.0');
    expect((await account.run(deployEndpoint, { version: '1.0.0' }))?.result.reason).toBe('delivered');
    const { simulator } = account;
    const until = (instant: number): Promise<void> => account.pass(instant - simulator.clock.now());
    await makeForOthers({ simulator, until }, 'multi-model', 'theirs-multi-model');
    await makeForOthers({ simulator, until }, 'several-variants', 'theirs-several-variants');
  });
  afterAll(() => account.close());

  /** Others publish a config of this kind on the team's endpoint. */
  const published = async (kind: 'multi-model' | 'several-variants'): Promise<void> => {
    const { simulator } = account;
    const { ProductionVariants } = await simulator.call('sagemaker', 'DescribeEndpointConfig', {
      EndpointConfigName: `theirs-${kind}-config`,
    });
    const variants = ProductionVariants as object[];
    await simulator.call('sagemaker', 'CreateEndpointConfig', {
      EndpointConfigName: `theirs-${kind}-here`,
      ProductionVariants: variants.length > 1 ? variants : [{ ...variants[0], VariantName: team.variant }],
    });
    await simulator.call('sagemaker', 'UpdateEndpoint', {
      EndpointName: team.endpoint,
      EndpointConfigName: `theirs-${kind}-here`,
    });
    await account.pass(minutes(20));
  };

  test.each(['multi-model', 'several-variants'] as const)(
    'over %s is refused without a statement, writes nothing, and goes through with one',
    async (kind) => {
      await published(kind);
      manifestFor(account, team.endpoint, 'rollback');
      const watched = account.watch();
      const report = await account.run(rollback, { to: '1.0.0' }, { runId: kind });
      expect(report?.result).toMatchObject({
        reason: 'endpoint-unusable',
        because: expect.stringContaining(`set \`replaces-kind: ${kind}\``),
      });
      expect(watched().filter(({ mutation }) => mutation)).toEqual([]);

      manifestFor(account, team.endpoint, 'rollback', `      replaces-kind: ${kind}`);
      expect((await account.run(rollback, { to: '1.0.0' }, { runId: `${kind} stated` }))?.result).toMatchObject({
        reason: 'restored',
      });
    },
  );
});

describe('a statement about the replaced kind', () => {
  test('is no part of the plan: without it, the same delivery is done already', async () => {
    const account = await openAccount();
    await account.prepare('1.1.0');
    const until = (instant: number): Promise<void> => account.pass(instant - account.simulator.clock.now());
    await makeForOthers({ simulator: account.simulator, until }, 'asynchronous', team.endpoint);
    manifestFor(account, team.endpoint, 'deploy-endpoint', '      replaces-kind: asynchronous');
    expect((await account.run(deployEndpoint, { version: '1.1.0' }))?.result.reason).toBe('delivered');
    const plan = await account.run(deployEndpoint, { version: '1.1.0', 'dry-run': 'true' }, { runId: '2' });
    expect(plan?.result.plan?.notes).toEqual([
      expect.stringContaining('`replaces-kind: asynchronous` has nothing to replace'),
    ]);
    manifestFor(account, team.endpoint, 'deploy-endpoint');
    expect((await account.run(deployEndpoint, { version: '1.1.0' }, { runId: '2' }))?.result.reason).toBe(
      'already-delivered',
    );
    await account.close();
  });
});

describe('a pipeline of containers', () => {
  test('is delivered to by versions of several containers, and not by a version of one', async () => {
    const account = await openAccount();
    manifestFor(account, team.endpoint, 'deploy-endpoint');
    const row = async (version: '1.0.0' | '1.1.0'): Promise<void> => {
      const { artifact, image, ...rest } = account.registration(version);
      const containers = join(dirname(account.manifest), 'containers.json');
      writeFileSync(containers, JSON.stringify([1, 2].map(() => ({ Image: image, ModelDataUrl: artifact }))));
      const { evaluation: _, ...inputs } = rest;
      expect((await account.run(registerModel, { ...inputs, containers }))?.result).toMatchObject({
        reason: 'registered',
      });
      await account.approve();
    };
    const deploy = (version: string) => account.run(deployEndpoint, { version }, { runId: version });
    await row('1.0.0');
    expect((await deploy('1.0.0'))?.result.reason).toBe('delivered');
    await row('1.1.0');
    expect((await deploy('1.1.0'))?.result).toMatchObject({ reason: 'delivered' });
    await account.prepare('1.3.0');
    expect((await deploy('1.3.0'))?.result).toMatchObject({
      reason: 'endpoint-unusable',
      because: expect.stringContaining('register a version of all these containers'),
    });
    expect((await account.run(rollback, {}, { runId: 'back' }))?.result).toMatchObject({ reason: 'restored' });
    await account.close();
  });
});
