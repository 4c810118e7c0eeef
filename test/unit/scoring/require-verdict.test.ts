import { describe, expect, test } from '@jest/globals';
import { minutes, seconds } from '../../../src/clock.ts';
import { contentOf } from '../../../src/endpoint/look.ts';
import { observe } from '../../../src/endpoint/observe.ts';
import { loadManifest } from '../../../src/manifest/load.ts';
import type { Manifest } from '../../../src/manifest/manifest.ts';
import { manifestText, rollouts } from '../../../src/rehearsal/manifest.ts';
import { releasesOf } from '../../../src/release/location.ts';
import { InputError } from '../../../src/schema.ts';
import { filesDigest, goldenFiles } from '../../../src/scoring/golden-set.ts';
import { requireVerdict } from '../../../src/scoring/require-verdict.ts';
import type { Serving } from '../../../src/scoring/served.ts';
import { type Subject, subjectOf } from '../../../src/scoring/subject.ts';
import { type TestRecord, testFolder } from '../../../src/scoring/test-record.ts';
import { wholeFiles } from '../../../src/whole-files.ts';
import type { World } from '../../../src/world.ts';
import { refusal } from '../../support/refusal.ts';
import { registeredVersion } from '../../support/registered.ts';
import { testedAt, testKey } from '../../support/regression-test.ts';
import { nine } from '../../support/stepping.ts';

const account = { partition: 'aws', region: 'eu-west-1', id: '111122223333' };

interface Scene {
  /** Lines below `regression:`. */
  readonly regression?: readonly string[];
  readonly rollout?: string;
  /** The golden set. */
  readonly rows?: string;
  readonly isMissing?: true;
  readonly container?: object;
  /** Of the endpoint's variants. */
  readonly variants?: readonly string[];
  readonly hasEndpoint?: boolean;
  readonly hasConfig?: boolean;
  readonly contentDigest?: string;
  readonly now?: number;
  readonly isDryRun?: boolean;
  /** An error of S3 for the golden set. */
  readonly refuses?: string;
}

const staging =
  '  staging: { endpoint: { name: iris-staging, instance: { type: ml.m5.large, count: 1 } }, rollout: { strategy: all-at-once, final-bake: 5m, minimum-requests: 0 } }\n';

const manifestOf = ({ regression = [], rollout = rollouts.canary }: Scene): Manifest =>
  loadManifest(
    `${manifestText({ rollout })}${staging}regression:\n${[
      'task: binary-classification',
      'positive: "1"',
      ...(regression.some((line) => line.startsWith('dataset:')) ? [] : ['dataset: golden.jsonl']),
      'metrics: [accuracy]',
      'request: { content-type: text/csv, input: [a, b] }',
      ...regression,
    ]
      .map((line) => `  ${line}\n`)
      .join('')}`,
    'delivery.yml',
  );

const notFound = (name: string): Error => Object.assign(new Error(name), { name, $metadata: {} });

/** An endpoint, a golden set, and what S3 holds. */
const worldOf = (scene: Scene, stored: ReadonlyMap<string, string>, reads: string[] = []): World => {
  const { rows = 'golden', container = { Image: 'old' }, variants = ['AllTraffic'], now = nine } = scene;
  const endpoint = async () => {
    if (scene.hasEndpoint === false) throw notFound('ResourceNotFound');
    return {
      EndpointStatus: 'InService',
      EndpointConfigName: 'iris-1-0-0',
      ProductionVariants: variants.map((VariantName) => ({ VariantName, CurrentWeight: 1 })),
    };
  };
  const config = async () => {
    if (scene.hasConfig === false) throw notFound('ResourceNotFound');
    return { ProductionVariants: variants.map((VariantName) => ({ VariantName, ModelName: `of-${VariantName}` })) };
  };
  const world = {
    clock: { now: () => now },
    account,
    workspace: wholeFiles(async (path) => {
      reads.push(path);
      if (scene.isMissing) throw new InputError(`cannot read "${path}": there is no such file in /checkout (ENOENT)`);
      return Buffer.from(rows);
    }),
    read: {
      sagemaker: {
        describeEndpoint: endpoint,
        describeEndpointConfig: config,
        describeModel: async ({ ModelName }: { readonly ModelName: string }) => ({
          PrimaryContainer: ModelName === 'of-AllTraffic' ? container : { Image: 'candidate' },
        }),
      },
      s3: {
        getObject: async ({ Bucket, Key }: { readonly Bucket: string; readonly Key: string }) => {
          reads.push(`s3://${Bucket}/${Key}`);
          const text = stored.get(Key);
          if (text === undefined) throw notFound('NoSuchKey');
          return { text, etag: '"1"' };
        },
        headWithoutChecksum: async () => {
          if (scene.refuses !== undefined) throw notFound(scene.refuses);
          return { ETag: rows, ContentLength: rows.length };
        },
        getBytes: async () => {
          if (scene.refuses !== undefined) throw notFound(scene.refuses);
          return Buffer.from(rows);
        },
      },
    },
    ...(scene.isDryRun ? {} : { write: {} }),
  };
  return world as unknown as World;
};

const registeredIn = ({ contentDigest = 'c0'.repeat(32) }: Scene) =>
  registeredVersion({ tag: 'iris_v1.1.0', contentDigestNow: contentDigest });

const lookIn = async (world: World): Promise<Serving | undefined> => {
  const live = await observe(world, 'iris');
  return live && { live, ...(await contentOf(world, live.endpointConfig)) };
};

const subjectIn = async (scene: Scene): Promise<Subject> => {
  const world = worldOf(scene, new Map());
  const regression = specOf(scene);
  return subjectOf({
    endpoint: 'iris',
    registered: registeredIn(scene),
    regression,
    dataset: filesDigest(await goldenFiles(world, regression)),
    look: await lookIn(world),
  });
};

interface Wanted {
  readonly operation?: 'deploy-endpoint' | 'shift-traffic';
  readonly isDark?: boolean;
  readonly after?: { readonly id: string };
  readonly reads?: string[];
}

const required = async (
  scene: Scene,
  stored: ReadonlyMap<string, string>,
  wanted: Wanted = {},
): Promise<readonly string[]> =>
  requireVerdict(worldOf(scene, stored, wanted.reads), {
    operation: wanted.operation ?? 'deploy-endpoint',
    manifest: manifestOf(scene),
    environment: 'production',
    registered: registeredIn(scene),
    look: await lookIn(worldOf(scene, stored)),
    isDark: wanted.isDark ?? false,
    after: wanted.after,
  });

const specOf = (scene: Scene) => {
  const { regression } = manifestOf(scene);
  if (regression === undefined) throw new Error('the manifest has no regression');
  return regression;
};

/** S3 after a regression test at nine of the subject of `scene`. */
const tested = async (
  scene: Scene,
  changes: Parameters<typeof testedAt>[3] = {},
  edit: (record: TestRecord) => unknown = (record) => record,
): Promise<ReadonlyMap<string, string>> => {
  const subject = await subjectIn(scene);
  const record = testedAt(nine, subject, specOf(scene), changes);
  const text = edit(record);
  return new Map([[testKey(releasesOf({}, account), subject), typeof text === 'string' ? text : JSON.stringify(text)]]);
};

const nothing: ReadonlyMap<string, string> = new Map();
const hours = (count: number): number => minutes(60) * count;

describe('a release with a passing verdict', () => {
  test('may begin, and its plan has the verdict', async () => {
    const folder = testFolder(releasesOf({}, account), await subjectIn({})).prefix;
    expect(await required({}, await tested({}))).toEqual([
      `regression test passed at 2026-01-05T09:00:00Z, counts until 2026-01-12T09:00:00Z: all 3 cells are kept; its findings: s3://model-delivery-111122223333-eu-west-1/${folder}1/findings.json`,
    ]);
    const url = 'https://ci.example/runs/7';
    expect(await required({}, await tested({}, { run: { url } }))).toEqual([
      expect.stringContaining(`; its findings: ${url}, s3://`),
    ]);
  });

  test('may begin up to the last millisecond of `valid-for`', async () => {
    const stored = await tested({});
    expect(await required({ now: nine + hours(168) - 1 }, stored)).toHaveLength(1);
    expect(await refusal(required({ now: nine + hours(168) }, stored))).toBe(
      'regression-missing: the regression test of iris_v1.1.0 passed at 2026-01-05T09:00:00Z, which counted until 2026-01-12T09:00:00Z: run regression-test for production and iris_v1.1.0 first',
    );
  });

  test('may not begin when only the record says that it counts for longer than `valid-for`', async () => {
    const stored = await tested({}, { validUntil: nine + hours(10_000) });
    expect(await refusal(required({ now: nine + hours(168) }, stored))).toContain('counted until 2026-01-12T09:00:00Z');
  });

  test('may begin at another pace of the test', async () => {
    expect(await required({ regression: ['concurrency: 9'] }, await tested({}))).toHaveLength(1);
  });

  test('may begin for as long as the present `valid-for`, but never longer than the verdict said', async () => {
    const stored = await tested({});
    const [short, long] = [{ regression: ['valid-for: 1h'] }, { regression: ['valid-for: 1000h'] }];
    expect(await required({ ...short, now: nine + hours(1) - 1 }, stored)).toHaveLength(1);
    expect(await refusal(required({ ...short, now: nine + hours(1) }, stored))).toContain('until 2026-01-05T10:00:00Z');
    expect(await refusal(required({ ...long, now: nine + hours(168) }, stored))).toContain('2026-01-12T09:00:00Z');
  });

  test('may begin while a further attempt runs', async () => {
    expect(await required({}, await tested({}, {}, (record) => ({ ...record, attempt: 2 })))).toHaveLength(1);
  });
});

describe('a release is refused', () => {
  test('without a verdict', async () => {
    expect(await refusal(required({}, nothing))).toMatch(
      /^regression-missing: regression-test has not run for iris_v1\.1\.0 with this golden set and this `regression:`, against the version that serves: run regression-test for production and iris_v1\.1\.0 first$/,
    );
  });

  test('of a first version without a verdict', async () => {
    expect(await refusal(required({ hasEndpoint: false }, nothing))).toContain(
      ', alone since nothing serves yet: run regression-test',
    );
  });

  test.each(['fail', 'inconclusive'] as const)('whose test ended with %s, also in a dry run', async (verdict) => {
    const stored = await tested({}, { verdict, because: 'accuracy is 66.7 % beside 96 %' });
    const because = `regression-missing: the regression test of iris_v1.1.0 ended with ${verdict} at 2026-01-05T09:00:00Z: accuracy is 66.7 % beside 96 %`;
    expect(await refusal(required({}, stored))).toBe(because);
    expect(await refusal(required({ isDryRun: true }, stored))).toBe(because);
  });

  test('whose golden set expired since its test, also in a dry run', async () => {
    const scene = { regression: ['dataset: { path: golden.jsonl, expires: 2026-01-06 }'] };
    const stored = await tested(scene);
    const lastDay = Date.UTC(2026, 0, 7) - 1;
    expect(await required({ ...scene, now: lastDay }, stored)).toHaveLength(1);
    for (const isDryRun of [false, true])
      expect(await refusal(required({ ...scene, isDryRun, now: lastDay + 1 }, stored))).toBe(
        'regression-missing: the regression test of iris_v1.1.0 passed at 2026-01-05T09:00:00Z, but the golden set expired on 2026-01-06; review it and move the date',
      );
  });

  test('while its first test runs', async () => {
    const stored = await tested({}, {}, ({ verdict: _, ...record }) => record);
    expect(await refusal(required({}, stored))).toBe(
      'regression-missing: the regression test of iris_v1.1.0, attempt 1 of 2026-01-05T08:59:00Z, has not ended: run regression-test for production and iris_v1.1.0 first',
    );
  });

  test.each<[string, Scene]>([
    ['another package content, as after an edit', { contentDigest: 'c1'.repeat(32) }],
    ['other bytes of the golden set', { rows: 'golden ' }],
    ['another rule', { regression: ['rules: [{ metric: accuracy, floor: 0.5 }]'] }],
    ['another way to ask', { regression: ['response: { prediction: 1 }'] }],
    ['another place of the candidate', { regression: ['candidate: { environment: staging }'] }],
    ['another baseline', { container: { Image: 'newer' } }],
    ['no baseline', { hasEndpoint: false }],
  ])('whose verdict is about %s', async (_which, changed) => {
    const stored = await tested({});
    expect(await required({}, stored)).toHaveLength(1);
    expect(await refusal(required(changed, stored))).toContain('regression-test has not run for iris_v1.1.0');
  });

  test.each<[string, (record: TestRecord) => unknown, string]>([
    ['no JSON', () => 'pass', 'no record of a regression test'],
    [
      'no verdict that there is',
      (one) => ({ ...one, verdict: { ...one.verdict, verdict: 'good' } }),
      'is not complete',
    ],
    [
      'a time that no date has',
      (one) => ({ ...one, verdict: { ...one.verdict, decidedAt: 1e300 } }),
      'is not complete',
    ],
    ['without its time', (one) => ({ ...one, verdict: { ...one.verdict, validUntil: null } }), 'is not complete'],
    [
      'the verdict of another package, under this name',
      (one) => ({ ...one, subject: { ...one.subject, package: 'a'.repeat(64) } }),
      'is about another package, dataset, policy or baseline than its name',
    ],
  ])('whose record is %s', async (_which, edit, because) => {
    const refused = await refusal(required({}, await tested({}, {}, edit)));
    expect(refused).toMatch(
      /^record-unavailable: s3:\/\/model-delivery-111122223333-eu-west-1\/iris\/regression\/[0-9a-f]{16}\/test\.json /,
    );
    expect(refused).toContain(because);
  });

  test('when the content that serves cannot be known', async () => {
    expect(await refusal(required({ hasConfig: false }, nothing))).toBe(
      'config-missing: the content that serves as AllTraffic cannot be known, since endpoint config iris-1-0-0 or its model was deleted: a regression test has no baseline',
    );
  });
});

describe('the golden set', () => {
  test('that is not there is an error with its key and its path', async () => {
    await expect(required({ isMissing: true }, nothing)).rejects.toThrow(
      new InputError('regression.dataset: cannot read "golden.jsonl": there is no such file in /checkout (ENOENT)'),
    );
  });

  const inS3 = ['dataset: s3://ml-golden/iris.jsonl'];
  test('may be an object in S3', async () => {
    const scene = { regression: inS3, rows: 'golden' };
    expect(await required(scene, await tested(scene))).toHaveLength(1);
  });

  test('that is absent in S3 is an error with its key and its address', async () => {
    await expect(required({ regression: inS3, refuses: 'NoSuchKey' }, nothing)).rejects.toThrow(
      new InputError('regression.dataset: there is no object s3://ml-golden/iris.jsonl'),
    );
  });

  test('that may not be read is refused with the missing permission', async () => {
    expect(await refusal(required({ regression: inS3, refuses: 'AccessDenied' }, nothing))).toBe(
      'access-denied: regression.dataset: s3://ml-golden/iris.jsonl cannot be read: grant s3:GetObject on it; without s3:ListBucket on ml-golden S3 gives the same answer for an object that is absent; or the bucket belongs to another account: name it under `bucket-owners`',
    );
  });

  test('under an address that is none is an error', async () => {
    await expect(required({ regression: ['dataset: s3://ml-golden'] }, nothing)).rejects.toThrow(
      'regression.dataset: s3://ml-golden is no address of an object; expected s3://<bucket>/<key>',
    );
  });
});

describe('a dry run', () => {
  test('shows the plan before the test, and that the delivery would be refused', async () => {
    expect(await required({ isDryRun: true }, nothing)).toEqual([
      'regression-test has not run for iris_v1.1.0 with this golden set and this `regression:`, against the version that serves: deploy-endpoint would refuse; run regression-test for production and iris_v1.1.0 first',
    ]);
  });

  test('does so after the verdict has expired', async () => {
    const [note] = await required({ isDryRun: true, now: nine + hours(168) }, await tested({}), {
      operation: 'shift-traffic',
    });
    expect(note).toMatch(
      /^the regression test of iris_v1\.1\.0 passed at .*: shift-traffic would refuse; run regression-test/,
    );
  });
});

describe('no verdict is looked for', () => {
  const dark = { regression: ['candidate: dark-variant'], rollout: rollouts.steps };

  test('where the candidate comes up dark for its test; its traffic needs one', async () => {
    const reads: string[] = [];
    expect(await required(dark, nothing, { isDark: true, reads })).toEqual([
      'the traffic waits for a passing regression test of the dark candidate',
    ]);
    expect(reads).toEqual([]);
    expect(await refusal(required(dark, nothing, { operation: 'shift-traffic' }))).toMatch(
      /^regression-missing: regression-test has not run for iris_v1\.1\.0 .*: run regression-test/,
    );
    const shift = { operation: 'shift-traffic' } as const;
    const both = { ...dark, variants: ['AllTraffic', 'AllTraffic-next'] };
    expect(await required(both, await tested(dark), shift)).toHaveLength(1);
  });

  test('but a dark candidate of another test needs one', async () => {
    const scene = { rollout: rollouts.steps };
    expect(await refusal(required(scene, nothing, { isDark: true }))).toMatch(/^regression-missing: /);
  });

  test('but a release without a dark candidate, which could not be tested at all, is refused with the way out', async () => {
    expect(await refusal(required({ ...dark, hasEndpoint: false }, nothing))).toMatch(
      /: the first version has no dark candidate; use candidate: temporary for it$/,
    );
    expect(await refusal(required({ regression: dark.regression }, nothing))).toMatch(
      /: only strategy: steps has a dark candidate; use it in production, or candidate: temporary$/,
    );
  });

  test('in the environment where the test of the others finds its candidate', async () => {
    expect(await required({ regression: ['candidate: { environment: production }'] }, nothing)).toEqual([
      'the regression test of other environments finds its candidate in production: no verdict is needed here',
    ]);
    expect(await refusal(required({ regression: ['candidate: { environment: staging }'] }, nothing))).toMatch(
      /^regression-missing: /,
    );
  });

  test('before a release that was left behind has settled', async () => {
    expect(await required({}, nothing, { after: { id: 'iris-1.0.0-aaaaaaaa-1' } })).toEqual([
      'the verdict of the regression test is looked at when iris-1.0.0-aaaaaaaa-1 has settled',
    ]);
  });

  test('without `regression:`', async () => {
    const { regression: _, ...manifest } = manifestOf({});
    const notes = requireVerdict(worldOf({}, nothing), {
      operation: 'deploy-endpoint',
      manifest,
      environment: 'production',
      registered: registeredIn({}),
      look: undefined,
      isDark: false,
      after: undefined,
    });
    expect(await notes).toEqual([]);
  });
});

test('letters of the ARN count in neither case, as for SageMaker', () => {
  const subject = (arn: string): Subject =>
    subjectOf({
      endpoint: 'iris',
      registered: registeredVersion({ arn }),
      regression: specOf({}),
      dataset: 'none',
      look: undefined,
    });
  const arn = 'arn:aws:sagemaker:eu-west-1:111122223333:model-package/Churn/7';
  expect(subject(arn)).toEqual(subject(arn.toLowerCase()));
  expect(subject(arn)).not.toEqual(subject(arn.replace('/7', '/8')));
});

test('`valid-for` is in seconds, and the times of a record are in milliseconds', async () => {
  const scene = { regression: ['valid-for: 90s'] };
  const stored = await tested(scene);
  expect(await required({ ...scene, now: nine + seconds(89) }, stored)).toHaveLength(1);
  expect(await refusal(required({ ...scene, now: nine + seconds(90) }, stored))).toContain(
    'counted until 2026-01-05T09:01:30Z',
  );
});
