import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { manifestText, rollouts, rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import { asked, questions } from '../support/asked-requests.ts';
import {
  approved,
  asJsonl,
  goldenRows,
  putGoldenSet,
  regress,
  regressionText,
  temporaries,
  withRegression,
} from '../support/golden-set.ts';

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
});
afterEach(() => account.close());

describe('other places where the candidate answers', () => {
  const dark = async (version: '1.0.0' | '1.2.0'): Promise<void> => {
    await approved(account, version);
    account.writeManifest(() => manifestText({ rollout: rollouts.steps }));
    expect((await account.run(deployEndpoint, { version }))?.result.reason).toBe('candidate-dark');
    putGoldenSet(account);
    account.writeManifest(
      () => `${manifestText({ rollout: rollouts.steps })}${regressionText({ keys: ['candidate: dark-variant'] })}`,
    );
  };

  test.each([
    ['1.0.0', 'regression-passed'],
    ['1.2.0', 'regression-failed'],
  ] as const)('the dark variant of %s, by its name: %s', async (version, reason) => {
    await dark(version);
    const seen = account.watch();
    const report = await regress(account, version);
    expect(report?.result).toMatchObject({ reason });
    expect(asked(seen())).toMatchObject({ 'iris/AllTraffic': questions, 'iris/AllTraffic-next': questions });
    expect(seen().filter(({ operation }) => /^(Create|Delete|UpdateEndpoint)/.test(operation))).toEqual([]);
  });

  test.each([
    ['before deploy-endpoint made one', '1.0.0', /has no variant beside the one that serves: run deploy-endpoint/],
    ['of another version', '1.4.0', /serves another model than the package of iris_v1\.4\.0/],
  ] as const)('a dark variant %s is refused', async (name, version, because) => {
    if (name.startsWith('of')) {
      await dark('1.0.0');
      await account.prepare('1.4.0');
    } else {
      await approved(account, '1.0.0');
      withRegression(account, { keys: ['candidate: dark-variant'] });
    }
    const seen = account.watch();
    const report = await regress(account, version);
    expect(report?.result).toMatchObject({ reason: 'endpoint-unusable', because: expect.stringMatching(because) });
    expect(seen().filter(({ mutation, operation }) => mutation || operation === 'InvokeEndpoint')).toEqual([]);
  });

  test('the endpoint of another environment of the same account', async () => {
    await approved(account, '1.0.0');
    const staging = manifestText({ name: 'iris-staging', unwatched: true, rollout: rollouts.unguarded })
      .split('\n')
      .slice(2)
      .join('\n')
      .replace('environments:\n', '')
      .replace('production', 'staging');
    putGoldenSet(account);
    account.writeManifest(
      (text) => `${text}${staging}${regressionText({ keys: ['candidate: { environment: staging }'] })}`,
    );
    const early = await regress(account, '1.0.0');
    expect(early?.result).toMatchObject({
      reason: 'endpoint-unusable',
      because: expect.stringMatching(/iris-staging of environment staging does not exist: deploy iris_v1\.0\.0 there/),
    });
    account.writeManifest((text) => `${text}${staging}`);
    expect(
      (await account.run(deployEndpoint, { version: '1.0.0', environment: 'staging' }, { runId: 's' }))?.result.reason,
    ).toBe('delivered');
    account.writeManifest(
      (text) => `${text}${staging}${regressionText({ keys: ['candidate: { environment: staging }'] })}`,
    );
    const seen = account.watch();
    expect((await regress(account, '1.0.0'))?.result).toMatchObject({ reason: 'regression-passed' });
    expect(asked(seen())).toMatchObject({ iris: questions, 'iris-staging': questions });
  });

  test.each(['{ environment: staging }', '{ environment: staging, role: model-tester }'])(
    'an endpoint of another region, which can serve no package of this one: %s',
    async (candidate) => {
      await approved(account, '1.0.0');
      putGoldenSet(account);
      const staging = manifestText({ name: 'iris', unwatched: true, rollout: rollouts.unguarded })
        .split('environments:\n')[1]
        ?.replace('production', 'staging')
        .replace(team.region, 'eu-central-1');
      account.writeManifest((text) => `${text}${staging}${regressionText({ keys: [`candidate: ${candidate}`] })}`);
      const seen = account.watch();
      const report = await regress(account, '1.0.0');
      expect(report?.result).toMatchObject({
        reason: 'invalid-input',
        because:
          'regression.candidate: environment staging is in eu-central-1, and the package of iris_v1.0.0 in eu-west-1: SageMaker makes a model only of a package of its own region, so that no endpoint there serves it; use temporary, or compare files of predictions',
      });
      expect(seen().filter(({ mutation, operation }) => mutation || operation === 'InvokeEndpoint')).toEqual([]);
    },
  );

  test('rules that no answer could break are refused before a model gets a request', async () => {
    await approved(account, '1.0.0');
    withRegression(account, { rules: ['{ metric: accuracy, max-drop: 2 }'] });
    const seen = account.watch();
    expect((await regress(account, '1.0.0'))?.result).toMatchObject({
      reason: 'invalid-input',
      because: expect.stringMatching(/accuracy: the margin 2 of max-drop is larger than its range, 0 to 1/),
    });
    expect(seen().filter(({ mutation }) => mutation)).toEqual([]);
  });

  const predictions = (wrong: number): string =>
    asJsonl(goldenRows.map(({ id, label }, at) => ({ id, prediction: at < wrong ? 'nothing' : label })));

  test.each([
    ['the candidate', ['candidate: { predictions: "s3://ml-artifacts/{version}.jsonl" }'], { iris: questions }],
    ['the baseline', ['baseline: { predictions: s3://ml-artifacts/1.1.0.jsonl }'], { temporary: questions }],
    [
      'both, each of its own version',
      [
        'candidate: { predictions: "s3://ml-artifacts/{version}.jsonl" }',
        'baseline: { predictions: "s3://ml-artifacts/{version}.jsonl" }',
      ],
      {},
    ],
  ])('a file of predictions of %s', async (_name, keys, requests) => {
    await approved(account, '1.0.0');
    account.stopTraffic();
    account.simulator.objects.put(team.bucket, '1.0.0.jsonl', Buffer.from(predictions(3)));
    account.simulator.objects.put(team.bucket, '1.1.0.jsonl', Buffer.from(predictions(4)));
    withRegression(account, { keys });
    const seen = account.watch();
    expect((await regress(account, '1.0.0'))?.result).toMatchObject({
      reason: 'regression-passed',
      outputs: { rows: '150' },
    });
    expect(asked(seen())).toEqual(requests);
    expect(await temporaries(account)).toEqual([]);
  });

  const ofBoth = [
    'candidate: { predictions: "s3://ml-artifacts/{version}.jsonl" }',
    'baseline: { predictions: "s3://ml-artifacts/{version}.jsonl" }',
  ];

  test('predictions of an earlier version let no later one pass, and the delivery reads the files of the same versions', async () => {
    await approved(account, '1.0.0');
    account.simulator.objects.put(team.bucket, '1.0.0.jsonl', Buffer.from(predictions(3)));
    account.simulator.objects.put(team.bucket, '1.1.0.jsonl', Buffer.from(predictions(4)));
    withRegression(account, { keys: ofBoth });
    expect((await regress(account, '1.0.0'))?.result.reason).toBe('regression-passed');
    expect((await account.run(deployEndpoint, { version: '1.0.0' }, { runId: 'd' }))?.result.reason).toBe('delivered');
    await account.prepare('1.3.0');
    expect((await regress(account, '1.3.0'))?.result).toMatchObject({
      reason: 'invalid-input',
      because: 'regression.candidate: there is no object s3://ml-artifacts/1.3.0.jsonl',
    });
    expect((await account.run(deployEndpoint, { version: '1.3.0' }, { runId: 'e' }))?.result).toMatchObject({
      outcome: 'failed',
      because: 'regression.candidate: there is no object s3://ml-artifacts/1.3.0.jsonl',
    });
  });

  test('where nothing serves, no file is that of the version that serves', async () => {
    await account.prepare('1.0.0');
    account.simulator.objects.put(team.bucket, '1.0.0.jsonl', Buffer.from(predictions(3)));
    withRegression(account, { keys: ofBoth, rules: ['{ metric: accuracy, floor: 0.9 }'] });
    expect((await regress(account, '1.0.0'))?.result).toMatchObject({
      reason: 'regression-passed',
      findings: { verdict: 'pass' },
    });
  });
});
