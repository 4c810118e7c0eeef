import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { minutes } from '../../src/clock.ts';
import { deployEndpoint } from '../../src/operations/deploy-endpoint.ts';
import { manifestText, rollouts, rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { releasesOf } from '../../src/release/location.ts';
import { rowsRepeated } from '../../src/scoring/ask-piece.ts';
import { openAccount, type TestAccount } from '../support/account.ts';
import {
  asCsv,
  asJsonl,
  columns,
  goldenRows,
  namedVerdict,
  putGoldenSet,
  regress,
  regressionText,
  temporaries,
  testObjects,
  testRecords,
  withRegression,
} from '../support/golden-set.ts';

let account: TestAccount;
beforeEach(async () => {
  account = await openAccount();
});
afterEach(() => account.close());

/** `version` is approved, and 1.1.0, a forest, serves. */
const approved = async (version: '1.0.0' | '1.2.0' | '1.3.0' | '1.4.0' | '1.5.0'): Promise<void> => {
  await account.inProduction('1.1.0');
  await account.prepare(version);
};

/** The first rows are asked a second time: a model may answer one request in two ways. */
const questions = goldenRows.length + rowsRepeated;

/** How often each model answered. */
const asked = (requests: ReturnType<ReturnType<TestAccount['watch']>>): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const { operation, input, status } of requests) {
    if (operation !== 'InvokeEndpoint' || status !== 200) continue;
    const { EndpointName, TargetVariant } = input as { EndpointName: string; TargetVariant?: string };
    const name = EndpointName.includes('-test-')
      ? 'temporary'
      : [EndpointName, TargetVariant].filter(Boolean).join('/');
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
};

describe('a version on a temporary endpoint, against the version that serves', () => {
  test.each([
    ['1.0.0', 'succeeded', 'regression-passed', 'pass'],
    ['1.2.0', 'rejected', 'regression-failed', 'fail'],
  ] as const)('%s: %s/%s', async (version, outcome, reason, verdict) => {
    await approved(version);
    withRegression(account);
    const seen = account.watch();
    const report = await regress(account, version);
    expect(report?.result).toMatchObject({
      outcome,
      reason,
      outputs: { version, verdict, attempt: '1', rows: String(goldenRows.length) },
      findings: { is: 'regression', verdict },
    });
    expect(asked(seen())).toMatchObject({ temporary: questions });
    expect(await temporaries(account)).toEqual([]);
    expect(testRecords(account)).toMatchObject([
      { attempt: 1, verdict: { verdict, version, rows: goldenRows.length } },
    ]);
    const [index, kept] = [...testObjects(account).keys()].reduce<[string[], string[]]>(
      ([ended, others], key) => (key.includes('/ended/') ? [[...ended, key], others] : [ended, [...others, key]]),
      [[], []],
    );
    expect(index).toEqual([expect.stringMatching(new RegExp(`/ended/[0-9]{13}-${verdict}-new-([0-9a-f]{16}-){3}1$`))]);
    expect(kept.map((key) => key.split('/').slice(3).join('/')).sort()).toEqual([
      '1/evaluation.json',
      '1/findings.json',
      '1/labels.json',
      ...Array.from({ length: 6 }, (_, piece) => `1/rows/00000${piece + 1}.jsonl`),
      'test.json',
    ]);
    expect(await namedVerdict(account, 2)).toMatch(new RegExp(`^${verdict} for production at 2026-01-05T`));
  });

  test('its endpoint has one instance of the stated type and the tag, and nothing else may be removed', async () => {
    await approved('1.0.0');
    withRegression(account, { keys: ['candidate: { temporary: { instance: ml.c5.large } }'] });
    const seen = account.watch();
    expect((await regress(account, '1.0.0'))?.result.reason).toBe('regression-passed');
    const inputs = (operation: string) =>
      seen().flatMap((one) => (one.operation === operation ? [one.input as Readonly<Record<string, unknown>>] : []));
    expect(inputs('CreateEndpointConfig')).toMatchObject([
      { ProductionVariants: [{ InstanceType: 'ml.c5.large', InitialInstanceCount: 1 }] },
    ]);
    for (const operation of ['CreateModel', 'CreateEndpointConfig', 'CreateEndpoint'])
      expect(inputs(operation)).toMatchObject([
        { Tags: expect.arrayContaining([{ Key: 'model-delivery:temporary', Value: expect.any(String) }]) },
      ]);
    expect(
      seen()
        .filter(({ operation }) => operation.startsWith('Delete'))
        .map(({ operation, resource }) => `${operation} ${resource.replace(/[0-9a-f]{8}$/, '…')}`),
    ).toEqual(
      ['endpoint', 'endpoint-config', 'model'].map(
        (kind) =>
          `Delete${kind.replace(/(^|-)(.)/g, (_all, _dash, letter: string) => letter.toUpperCase())} arn:aws:sagemaker:${team.region}:${team.account}:${kind}/iris-test-…`,
      ),
    );
  });

  test('a model that fails 5 % is judged by its errors', async () => {
    await approved('1.4.0');
    withRegression(account, {
      rules: ['{ metric: error-rate, ceiling: 0.001 }', '{ metric: accuracy, non-inferior: 0.3 }'],
    });
    const report = await regress(account, '1.4.0');
    expect(report?.result).toMatchObject({ outcome: 'rejected', reason: 'regression-failed' });
    const rows = [...testObjects(account)].filter(([key]) => key.includes('/rows/')).map(([, text]) => text);
    const answers = rows.flatMap((text) =>
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    );
    const failed = answers.filter(({ candidate }) => candidate.error !== undefined);
    expect(failed).toHaveLength(6);
    for (const { candidate, baseline } of failed) {
      expect(candidate).toEqual({ error: 'the model answered with status 500' });
      expect(baseline).toHaveProperty('prediction');
    }
  });

  test('a model that never passes its health check leaves nothing behind', async () => {
    await approved('1.5.0');
    withRegression(account);
    const report = await regress(account, '1.5.0', { timeout: '2h' });
    expect(report?.result).toMatchObject({ outcome: 'failed', reason: 'creation-failed' });
    expect(report?.result.because).toMatch(/temporary endpoint iris-test-[0-9a-f]{8} is Failed: .*health check/);
    expect(await temporaries(account)).toEqual([]);
    expect(testRecords(account)).toMatchObject([{ attempt: 1 }]);
    expect(testRecords(account)[0]).not.toHaveProperty('verdict');
  });

  test('no capacity for it leaves nothing behind', async () => {
    await approved('1.0.0');
    withRegression(account);
    account.simulator.faults.add({
      service: 'sagemaker',
      operation: 'CreateEndpoint',
      times: 1,
      kind: 'error',
      code: 'ResourceLimitExceeded',
      message: "The account-level service limit 'ml.m5.large for endpoint usage' is 4 Instances",
    });
    const report = await regress(account, '1.0.0');
    expect(report?.result).toMatchObject({ outcome: 'failed', reason: 'quota-exceeded' });
    expect(await temporaries(account)).toEqual([]);
  });
});

describe('the rows and the requests', () => {
  const forms: Readonly<Record<string, readonly string[]>> = {
    'CSV lines': [],
    JSON: [
      `request: { content-type: application/json, input: [${columns.join(', ')}], body: { instances: [{ features: $row }] } }`,
      'response: { prediction: "$.predictions[0].predicted_label", score: "$.predictions[0].scores" }',
    ],
    'JSON, the class of the greatest score': [
      `request: { content-type: application/json, input: [${columns.join(', ')}], body: { instances: [$row] } }`,
      'response: { score: "$.predictions[0].scores" }',
    ],
    'JSON Lines': [
      `request: { content-type: application/jsonlines, input: [${columns.join(', ')}], body: { features: $row } }`,
      'response: { prediction: $.predicted_label, score: $.scores }',
    ],
  };
  const files = { JSONL: asJsonl(goldenRows), CSV: asCsv(goldenRows), JSON: JSON.stringify(goldenRows) };
  test.each(
    Object.keys(forms).flatMap((form) =>
      Object.keys(files).map((file) => ({ form, file: file as keyof typeof files })),
    ),
  )('$form of a golden set in $file', async ({ form, file }) => {
    await approved('1.0.0');
    const name = `rows.${file.toLowerCase()}`;
    account.simulator.objects.put(team.bucket, name, Buffer.from(files[file]));
    withRegression(account, { dataset: `s3://${team.bucket}/${name}`, keys: forms[form] ?? [] });
    const report = await regress(account, '1.0.0');
    expect(report?.result).toMatchObject({ reason: 'regression-passed', outputs: { rows: '150' } });
    expect(report?.result.findings).toMatchObject({
      cells: expect.arrayContaining([
        expect.objectContaining({ metric: 'accuracy', candidate: 145 / 150, baseline: 146 / 150 }),
      ]),
    });
  });

  test('a selector that finds nothing in any answer is the mistake of the manifest, and nothing is left behind', async () => {
    await approved('1.0.0');
    withRegression(account, {
      keys: [...(forms['JSON'] ?? []).slice(0, 1), 'response: { prediction: "$.predictions[0].label" }'],
    });
    const report = await regress(account, '1.0.0');
    expect(report?.result).toMatchObject({ outcome: 'failed', reason: 'invalid-input' });
    expect(report?.result.because).toMatch(
      /^regression\.response: no answer of the candidate .*"prediction":"\$\.predictions\[0\]\.label"/,
    );
    expect(await temporaries(account)).toEqual([]);
  });

  test.each([
    ['response.prediction', 'response: { prediction: "$.predictions[" }'],
    ['response.score', 'response: { prediction: 0, score: "scores" }'],
    ['request.input', 'request: { content-type: text/csv, input: "$.[" }'],
  ])('%s that is no JSONPath is refused before anything is made', async (key, line) => {
    await approved('1.0.0');
    withRegression(account, { keys: [line] });
    const seen = account.watch();
    const report = await regress(account, '1.0.0');
    expect(report?.result).toMatchObject({ outcome: 'failed', reason: 'invalid-input' });
    expect(report?.result.because).toContain(`regression.${key}: `);
    expect(report?.result.because).toContain('is no JSONPath');
    expect(seen().filter(({ mutation }) => mutation)).toEqual([]);
  });

  test.each([
    ['a row without a label', { ...goldenRows[0], id: 'odd', label: undefined }, /:151: label: is missing/],
    ['a label that is null', { ...goldenRows[0], id: 'odd', label: null }, /:151: label: is null/],
    ['a row without the column', { id: 'odd', label: 'setosa' }, /row "odd" has no column "sepal_length"/],
    ['a row without an id', { ...goldenRows[0], id: undefined }, /:151: id: is missing/],
    ['an id that stands twice', { ...goldenRows[0] }, /"flower-1"/],
  ])('%s is refused before anything is made', async (_name, row, because) => {
    await approved('1.0.0');
    withRegression(account);
    putGoldenSet(account, [...goldenRows, row]);
    const seen = account.watch();
    const report = await regress(account, '1.0.0');
    expect(report?.result).toMatchObject({
      outcome: 'failed',
      reason: 'invalid-input',
      because: expect.stringMatching(because),
    });
    expect(seen().filter(({ mutation, operation }) => mutation || operation === 'InvokeEndpoint')).toEqual([]);
  });

  test('a golden set of another account needs its owner in the manifest, which the refusal says', async () => {
    await approved('1.0.0');
    const { objects } = account.simulator;
    const theirs = '444455556666';
    objects.put('golden-of-others', 'rows.jsonl', Buffer.from(asJsonl(goldenRows)));
    objects.lend('golden-of-others', theirs);
    const options = { dataset: 's3://golden-of-others/rows.jsonl' };
    withRegression(account, options);
    const refused = await regress(account, '1.0.0');
    expect(refused?.result).toMatchObject({ reason: 'access-denied' });
    expect(refused?.result.because).toMatch(
      /; or the bucket belongs to another account: name it under `bucket-owners`$/,
    );
    withRegression(account, options, (text) =>
      text.replace('    endpoint:\n', `    bucket-owners: { golden-of-others: "${theirs}" }\n    endpoint:\n`),
    );
    expect((await regress(account, '1.0.0'))?.result).toMatchObject({ reason: 'regression-passed' });
  });

  test('a golden set that is not there is named', async () => {
    await approved('1.0.0');
    withRegression(account, { dataset: `s3://${team.bucket}/nowhere.jsonl` });
    const seen = account.watch();
    const report = await regress(account, '1.0.0');
    expect(report?.result).toMatchObject({ outcome: 'failed', reason: 'invalid-input' });
    expect(report?.result.because).toContain(`s3://${team.bucket}/nowhere.jsonl`);
    expect(seen().filter(({ mutation }) => mutation)).toEqual([]);
  });
});

describe('another attempt', () => {
  test('is made only when it is asked for, or when the last one did not pass', async () => {
    await approved('1.0.0');
    withRegression(account);
    const first = await regress(account, '1.0.0');
    expect(first?.result.outputs).toMatchObject({ attempt: '1' });
    const seen = account.watch();
    const same = await regress(account, '1.0.0', {}, { runId: '2' });
    expect(same?.result).toMatchObject({ reason: 'regression-passed', outputs: { attempt: '1', verdict: 'pass' } });
    expect(same?.result.because).toMatch(/passed at 2026-.*, which counts until 2026-/);
    // Whoever asks again gets the tables and the file of the first time.
    expect(same?.result.findings).toEqual(first?.result.findings);
    const [before, after] = [first, same].map((report) => JSON.parse(report?.files?.['evaluation'] ?? ''));
    expect(after).toEqual(before);
    expect(after).toMatchObject({ model_delivery: { verdict: 'pass' } });
    expect(asked(seen())).toEqual({});
    expect(seen().filter(({ mutation }) => mutation)).toEqual([]);
    const again = await regress(account, '1.0.0', { again: 'true' }, { runId: '3' });
    expect(again?.result).toMatchObject({ reason: 'regression-passed', outputs: { attempt: '2' } });
    expect(testRecords(account)).toMatchObject([{ attempt: 2, verdict: { attempt: 2 } }]);
  });

  test.each([
    ['is not there', undefined, false],
    ['is text', 'no JSON', true],
    ['has half of its members', '{"is":"regression","verdict":"pass"}', true],
    ['is about another verdict', 'fail', true],
  ])('shows a pass that counts without its tables where findings.json %s', async (_, text, remarked) => {
    await approved('1.0.0');
    withRegression(account);
    const first = await regress(account, '1.0.0');
    const [[key = '', whole = ''] = []] = [...testObjects(account)].filter(([name]) => name.endsWith('/findings.json'));
    const { bucket } = releasesOf({}, { partition: 'aws', region: team.region, id: team.account });
    if (text === undefined) await account.simulator.call('s3', 'DeleteObject', { Bucket: bucket, Key: key });
    else {
      const other = text === 'fail' ? JSON.stringify({ ...JSON.parse(whole), verdict: 'fail' }) : text;
      account.simulator.objects.put(bucket, key, Buffer.from(other));
    }
    const same = await regress(account, '1.0.0', {}, { runId: '2' });
    expect(same?.result).toMatchObject({ reason: 'regression-passed', outputs: first?.result.outputs });
    expect(same?.result).not.toHaveProperty('findings');
    expect(same?.remarks).toHaveLength(remarked ? 1 : 0);
    expect(JSON.parse(same?.files?.['evaluation'] ?? '')).toMatchObject({ model_delivery: { verdict: 'pass' } });
  });

  test('a token whose pass has expired begins another attempt, and no expired pass is green', async () => {
    await approved('1.0.0');
    withRegression(account, { keys: ['valid-for: 1h'] });
    const handed = await regress(account, '1.0.0', { wait: 'false' }, { runId: '1' });
    expect(handed?.result).toMatchObject({ reason: 'in-progress' });
    const second = await regress(account, '1.0.0', {}, { runId: '2' });
    expect(second?.result).toMatchObject({ reason: 'regression-passed', outputs: { attempt: '1' } });
    await account.pass(minutes(70));
    const late = await regress(account, '1.0.0', { 'resume-token': handed?.token ?? '' }, { runId: '1' });
    expect(late?.result).toMatchObject({ reason: 'regression-passed', outputs: { attempt: '2' } });
    expect(await temporaries(account)).toEqual([]);
  });

  test('`again` begins another attempt also beside one that a killed run left', async () => {
    await approved('1.0.0');
    withRegression(account);
    expect(await regress(account, '1.0.0', {}, { death: { atCall: 40, received: true } })).toBeUndefined();
    expect(testRecords(account)).toMatchObject([{ attempt: 1 }]);
    const again = await regress(account, '1.0.0', { again: 'true' }, { runId: '2' });
    expect(again?.result).toMatchObject({ reason: 'regression-passed', outputs: { attempt: '2' } });
  });

  test('follows one that failed', async () => {
    await approved('1.2.0');
    withRegression(account);
    expect((await regress(account, '1.2.0'))?.result).toMatchObject({ reason: 'regression-failed' });
    const again = await regress(account, '1.2.0', {}, { runId: '2' });
    expect(again?.result).toMatchObject({ reason: 'regression-failed', outputs: { attempt: '2' } });
    expect(again?.result.plan?.notes.join()).toContain('attempt 1 ended with fail');
  });

  test('follows a pass whose time is over', async () => {
    await approved('1.0.0');
    withRegression(account, { keys: ['valid-for: 1h'] });
    await regress(account, '1.0.0');
    await account.pass(minutes(61));
    expect((await regress(account, '1.0.0', {}, { runId: '2' }))?.result.outputs).toMatchObject({ attempt: '2' });
  });

  test.each([
    ['another golden set', () => putGoldenSet(account, goldenRows.slice(1))],
    ['another rule', () => withRegression(account, { rules: ['{ metric: accuracy, non-inferior: 0.2 }'] })],
  ])('%s is another subject', async (_name, change) => {
    await approved('1.0.0');
    withRegression(account);
    await regress(account, '1.0.0');
    change();
    expect((await regress(account, '1.0.0', {}, { runId: '2' }))?.result).toMatchObject({
      reason: 'regression-passed',
      outputs: { attempt: '1' },
    });
    expect(testRecords(account)).toHaveLength(2);
  });
});

describe('the first version of an endpoint', () => {
  test('is judged by its floor alone, and then delivered', async () => {
    await account.prepare('1.1.0');
    withRegression(account, { rules: ['{ metric: accuracy, floor: 0.8 }', '{ metric: accuracy, non-inferior: 0.1 }'] });
    const report = await regress(account, '1.1.0');
    expect(report?.result).toMatchObject({ reason: 'regression-passed', outputs: { verdict: 'pass', rows: '150' } });
    expect(report?.result.plan?.title).toContain('alone: nothing serves yet');
    expect(testRecords(account)).toMatchObject([{ subject: { baseline: 'none' } }]);
    expect(await temporaries(account)).toEqual([]);
  });

  test('fails below its floor', async () => {
    await account.prepare('1.2.0');
    withRegression(account, { rules: ['{ metric: accuracy, floor: 0.8 }'] });
    expect((await regress(account, '1.2.0'))?.result).toMatchObject({ reason: 'regression-failed' });
  });

  test('without a floor is refused before anything is made', async () => {
    await account.prepare('1.1.0');
    withRegression(account);
    const seen = account.watch();
    const report = await regress(account, '1.1.0');
    expect(report?.result).toMatchObject({ outcome: 'inconclusive', reason: 'regression-inconclusive' });
    expect(report?.result.because).toContain('this gate cannot fail');
    expect(report?.result.because).toContain('add a floor or a ceiling');
    expect(seen().filter(({ mutation }) => mutation)).toEqual([]);
  });
});

describe('other places where the candidate answers', () => {
  const dark = async (version: '1.0.0' | '1.2.0'): Promise<void> => {
    await approved(version);
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
      await approved('1.0.0');
      withRegression(account, { keys: ['candidate: dark-variant'] });
    }
    const seen = account.watch();
    const report = await regress(account, version);
    expect(report?.result).toMatchObject({ reason: 'endpoint-unusable', because: expect.stringMatching(because) });
    expect(seen().filter(({ mutation, operation }) => mutation || operation === 'InvokeEndpoint')).toEqual([]);
  });

  test('the endpoint of another environment of the same account', async () => {
    await approved('1.0.0');
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
    await approved('1.0.0');
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
    await approved('1.0.0');
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

describe('what happens in the middle', () => {
  /** Runs the action once, at the n-th request to a model. */
  const at = (request: number, action: () => void | Promise<void>): void =>
    account.simulator.faults.add({
      service: 'sagemaker-runtime',
      operation: 'InvokeEndpoint',
      times: 1,
      after: request,
      kind: 'call',
      action,
    });

  /** Others publish 1.3.0 on the endpoint of the environment. */
  const publish = async (): Promise<void> => {
    const { simulator } = account;
    const call = (name: string, input: object) => simulator.call('sagemaker', name, input);
    const { EndpointConfigName } = await call('DescribeEndpoint', { EndpointName: team.endpoint });
    const { ProductionVariants } = await call('DescribeEndpointConfig', { EndpointConfigName });
    const [variant] = ProductionVariants as readonly object[];
    await call('CreateModel', {
      ModelName: 'theirs',
      ExecutionRoleArn: `arn:aws:iam::${team.account}:role/iris-serving`,
      PrimaryContainer: { Image: team.image, ModelDataUrl: account.registration('1.3.0')['artifact'] },
    });
    await call('CreateEndpointConfig', {
      EndpointConfigName: 'theirs',
      ProductionVariants: [{ ...variant, ModelName: 'theirs' }],
    });
    await call('UpdateEndpoint', { EndpointName: team.endpoint, EndpointConfigName: 'theirs' });
  };
  const endsDisturbed = async (): Promise<void> => {
    const report = await regress(account, '1.0.0');
    expect(report?.result).toMatchObject({ outcome: 'inconclusive', reason: 'regression-disturbed' });
    expect(await temporaries(account)).toEqual([]);
    expect(testRecords(account)).toHaveLength(1);
    expect(testRecords(account)[0]).not.toHaveProperty('verdict');
  };

  test('an update of the endpoint that serves disturbs the test', async () => {
    await approved('1.0.0');
    withRegression(account);
    at(10, publish);
    await endsDisturbed();
  });

  test('so does one that nothing but its result shows', async () => {
    await approved('1.0.0');
    withRegression(account);
    // The look at the endpoint that is under way sees nothing of it, and the next one comes when it is over.
    account.simulator.faults.add({
      service: 'sagemaker',
      operation: 'CreateEndpoint',
      times: 1,
      kind: 'call',
      action: async () => {
        await publish();
        await account.pass(minutes(20));
      },
    });
    await endsDisturbed();
  });

  test('a release that begins meanwhile disturbs the test', async () => {
    await approved('1.0.0');
    await account.prepare('1.3.0');
    withRegression(account);
    account.simulator.faults.add({
      service: 'sagemaker',
      operation: 'CreateEndpoint',
      times: 1,
      kind: 'call',
      action: async () => {
        // Without `regression:`, so that no verdict is needed.
        account.writeManifest();
        const version = { version: '1.3.0', wait: 'false' };
        expect((await account.run(deployEndpoint, version, { runId: '2' }))?.result.outcome).toBe('pending');
        account.writeManifest((text) => `${text}${regressionText()}`);
      },
    });
    await endsDisturbed();
  });

  test('a dark candidate that others exchange disturbs the test', async () => {
    await approved('1.0.0');
    account.writeManifest(() => manifestText({ rollout: rollouts.steps }));
    expect((await account.run(deployEndpoint, { version: '1.0.0' }))?.result.reason).toBe('candidate-dark');
    putGoldenSet(account);
    account.writeManifest(
      () => `${manifestText({ rollout: rollouts.steps })}${regressionText({ keys: ['candidate: dark-variant'] })}`,
    );
    at(10, async () => {
      const { simulator } = account;
      await simulator.call('sagemaker', 'UpdateEndpointWeightsAndCapacities', {
        EndpointName: team.endpoint,
        DesiredWeightsAndCapacities: [{ VariantName: 'AllTraffic-next', DesiredWeight: 0.5 }],
      });
    });
    await endsDisturbed();
  });

  test('an approval while the temporary endpoint starts changes nothing', async () => {
    await account.inProduction('1.1.0');
    await account.register('1.0.0');
    withRegression(account);
    account.simulator.faults.add({
      service: 'sagemaker',
      operation: 'CreateEndpoint',
      times: 1,
      kind: 'call',
      action: () => account.approve(),
    });
    const report = await regress(account, '1.0.0');
    expect(report?.result).toMatchObject({ reason: 'regression-passed', outputs: { attempt: '1' } });
    expect(await temporaries(account)).toEqual([]);
  });

  test('a temporary endpoint that a cancelled run of the same test removes is made again', async () => {
    await approved('1.0.0');
    withRegression(account);
    at(30, async () => {
      const [name = ''] = (await temporaries(account)).map((one) => one.split(' ').at(-1) ?? '');
      await account.simulator.call('sagemaker', 'DeleteEndpoint', { EndpointName: name });
    });
    const report = await regress(account, '1.0.0');
    expect(report?.result).toMatchObject({ reason: 'regression-passed', outputs: { attempt: '1' } });
    expect(await temporaries(account)).toEqual([]);
  });

  test('a run that comes later joins the attempt of the one that is under way', async () => {
    await approved('1.0.0');
    withRegression(account);
    const first = await regress(account, '1.0.0', { wait: 'false' });
    expect(first?.result).toMatchObject({ outcome: 'pending', reason: 'in-progress' });
    expect(await temporaries(account)).toHaveLength(3);
    const seen = account.watch();
    const second = await regress(account, '1.0.0', {}, { runId: '2' });
    expect(second?.result).toMatchObject({ reason: 'regression-passed', outputs: { attempt: '1' } });
    expect(second?.result.plan?.notes.join()).toContain('attempt 1 goes on where an earlier run left it');
    expect(seen().filter(({ operation }) => operation.startsWith('Create'))).toEqual([]);
    expect(await temporaries(account)).toEqual([]);
    const resumed = await regress(account, '1.0.0', { 'resume-token': first?.token ?? '' });
    expect(resumed?.result).toMatchObject({ reason: 'regression-passed', outputs: { attempt: '1' } });
    expect(asked(seen())).toMatchObject({ temporary: questions });
  });

  /** Everything up to a piece of answers is kept. */
  test('a run that is killed goes on where it was', async () => {
    await approved('1.0.0');
    withRegression(account);
    const requested: string[] = [];
    // The record, then the first piece, then the second.
    let pieces = 0;
    account.simulator.faults.add({
      service: 's3',
      operation: 'PutObject',
      times: 3,
      kind: 'call',
      action: () => {
        pieces++;
      },
    });
    const death = { atCall: 0, received: false };
    expect(await regress(account, '1.0.0', {}, { requested })).toBeDefined();
    expect(pieces).toBe(3);
    const second = requested.map((name, index) => (name === 's3.putObject' ? index + 1 : 0)).filter(Boolean)[2] ?? 0;
    await account.close();
    account = await openAccount();
    await approved('1.0.0');
    withRegression(account);
    expect(await regress(account, '1.0.0', {}, { death: { ...death, atCall: second } })).toBeUndefined();
    expect([...testObjects(account).keys()].filter((key) => key.includes('/rows/'))).toHaveLength(1);
    expect(await temporaries(account)).toHaveLength(3);
    await account.pass(minutes(5));
    const seen = account.watch();
    const again = await regress(account, '1.0.0');
    expect(again?.result).toMatchObject({ reason: 'regression-passed', outputs: { attempt: '1', rows: '150' } });
    // The first 25 rows are kept; of the others, 25 are asked twice.
    expect(asked(seen())['temporary']).toBe(125 + 25);
    expect(await temporaries(account)).toEqual([]);
  });

  test.each([
    ['a model is asked', { service: 'sagemaker-runtime', operation: 'InvokeEndpoint' }, ['endpoint config', 'model']],
    [
      'the endpoint comes up',
      { service: 'sagemaker', operation: 'CreateEndpoint' },
      ['endpoint', 'endpoint config', 'model'],
    ],
  ])('cancelled while %s, it leaves what SageMaker does not let go of yet', async (_when, call, left) => {
    await approved('1.0.0');
    withRegression(account);
    const cancellation = new AbortController();
    account.simulator.faults.add({ ...call, times: 1, kind: 'call', action: () => cancellation.abort() });
    const report = await regress(account, '1.0.0', {}, { signal: cancellation.signal });
    expect(report?.result).toMatchObject({ outcome: 'cancelled', reason: 'cancelled' });
    await account.pass(minutes(30));
    expect((await temporaries(account)).map((name) => name.replace(/ iris-test-[0-9a-f]{8}$/, ''))).toEqual(left);
    // For the post step of the action, or for the next run.
    expect(report?.unsettled).toBe(true);
    const again = await regress(account, '1.0.0');
    expect(again?.result).toMatchObject({ reason: 'regression-passed', outputs: { attempt: '1' } });
    expect(await temporaries(account)).toEqual([]);
  });

  test('out of time, it removes its endpoint', async () => {
    await approved('1.0.0');
    withRegression(account);
    const report = await regress(account, '1.0.0', { timeout: '1m' });
    expect(report?.result).toMatchObject({ outcome: 'timed-out', reason: 'deadline-passed' });
    expect(await temporaries(account)).toEqual([]);
  });

  test('killed and never run again, its leftovers go with the next test of the endpoint, once their time is over', async () => {
    await approved('1.0.0');
    await account.prepare('1.2.0');
    withRegression(account);
    const death = { atCall: 'runtime.invokeEndpoint', received: false };
    expect(await regress(account, '1.0.0', {}, { death })).toBeUndefined();
    const left = await temporaries(account);
    expect(left).toHaveLength(3);
    const early = await regress(account, '1.2.0', {}, { runId: '2' });
    expect(early?.result.reason).toBe('regression-failed');
    expect(await temporaries(account)).toEqual(left);
    // Six hours of requests would take minutes.
    account.stopTraffic();
    await account.pass(minutes(6 * 60));
    const { simulator } = account;
    // Of others: the name alone is no reason to remove anything.
    const [model = ''] = left.filter((name) => name.startsWith('model')).map((name) => name.split(' ').at(-1) ?? '');
    const untagged = model.replace(/.{8}$/, '0a1b2c3d');
    await simulator.call('sagemaker', 'CreateModel', {
      ModelName: untagged,
      ExecutionRoleArn: `arn:aws:iam::${team.account}:role/iris-serving`,
      PrimaryContainer: { Image: team.image, ModelDataUrl: account.registration('1.3.0')['artifact'] },
    });
    const late = await regress(account, '1.2.0', {}, { runId: '3' });
    expect(late?.result.reason).toBe('regression-failed');
    expect(late?.timeline.map(({ because }) => because).join('\n')).toContain('left behind by an earlier test');
    expect(await temporaries(account)).toEqual([`model ${untagged}`]);
  });

  test('reads that lag behind a creation are waited for, and nothing is created again and again', async () => {
    const slow = await openAccount({ settings: { configVisibleAfterMs: 20_000 } });
    try {
      await slow.inProduction('1.1.0');
      await slow.prepare('1.0.0');
      withRegression(slow);
      const seen = slow.watch();
      expect((await regress(slow, '1.0.0'))?.result).toMatchObject({ reason: 'regression-passed' });
      const created = seen().filter(({ operation }) => operation === 'CreateEndpointConfig');
      expect(created.length).toBeLessThanOrEqual(2);
    } finally {
      await slow.close();
    }
  });

  test('a flaky network costs no right answer', async () => {
    await approved('1.0.0');
    withRegression(account);
    for (let after = 5; after < 600; after += 7)
      for (const kind of ['throttle', 'server-error', 'answer-lost', 'never-arrived'] as const)
        account.simulator.faults.add({
          service: 'sagemaker-runtime',
          operation: 'InvokeEndpoint',
          times: 1,
          after: after * 4,
          kind,
        });
    const report = await regress(account, '1.0.0');
    expect(report?.result).toMatchObject({ reason: 'regression-passed', outputs: { rows: '150' } });
    expect(report?.result.findings).toMatchObject({
      cells: [expect.objectContaining({ candidate: 145 / 150, baseline: 146 / 150 })],
    });
  });

  test('rows that have no answer in three turns are missing, and a missing row is never a wrong one', async () => {
    await approved('1.0.0');
    withRegression(account);
    account.simulator.faults.add({
      service: 'sagemaker-runtime',
      operation: 'InvokeEndpoint',
      times: 100_000,
      kind: 'throttle',
      share: 0.97,
    });
    const report = await regress(account, '1.0.0', { timeout: '6h' });
    expect(report?.result).toMatchObject({ reason: 'regression-inconclusive' });
    expect(report?.result.because).toMatch(/answer/);
    expect(report?.result.findings).toMatchObject({ rows: { failedCandidate: 0, failedBaseline: 0 } });
    expect(await temporaries(account)).toEqual([]);
  });
});
