import { describe, expect, test } from '@jest/globals';
import { Throttled } from '../../../src/aws/retry.ts';
import { minutes } from '../../../src/clock.ts';
import { beginStage, settleStages } from '../../../src/delivery/follow-stage.ts';
import type { Environment, Manifest } from '../../../src/manifest/manifest.ts';
import type { Turn } from '../../../src/mechanisms/turn.ts';
import { termsOf } from '../../../src/registry/approval-terms.ts';
import type { Configuration, Release } from '../../../src/release/record.ts';
import type { World } from '../../../src/world.ts';
import { configuration, release } from '../../support/release.ts';
import { awsError } from '../../support/stored.ts';
import { turnsOf } from '../../support/turns.ts';

const of = (version: string, packageVersion: number): Configuration => ({ ...configuration(version), packageVersion });
const [old, next] = [of('1.0.0', 1), of('1.1.0', 2)];

const environments = { staging: { stage: 'Staging' }, production: { stage: 'Production' } };
const termsIn = (environment: { readonly stage: string }, all: Readonly<Record<string, unknown>> = environments) =>
  termsOf({ model: 'churn', environments: all } as unknown as Manifest, environment as Environment);
const approval = termsIn(environments.production);

/** Package → `Production/Approved`; undefined: it has no stage; absent: it was deleted. */
type Registry = Readonly<Record<number, string | undefined>>;

interface Given {
  readonly ends: Partial<Release>;
  readonly shown: Registry;
  /** Name of the endpoint config that serves. */
  readonly serves?: string;
  readonly status?: string;
  readonly besideBefore?: Configuration;
  readonly error?: Error;
  readonly now?: number;
  readonly stage?: false;
  /** Numbers of the packages that the registry rejects. */
  readonly rejected?: readonly number[];
}

const registryOf = (shown: Registry) => new Map(Object.entries(shown));

/** A release on `registry`, which other releases may write too. */
const releaseOn = (
  registry: ReturnType<typeof registryOf>,
  { ends, serves, status = 'InService', besideBefore, error, now = 0, stage, rejected = [] }: Omit<Given, 'shown'>,
  terms: ReturnType<typeof termsOf> = approval,
) => {
  const sent: string[] = [];
  const remarks: string[] = [];
  let looks = 0;
  const numberIn = (arn: string): string => arn.split('/').at(-1) ?? '';
  const world = {
    account: { partition: 'aws', region: 'eu-west-1', id: '111122223333' },
    clock: { now: () => now },
    read: {
      sagemaker: {
        describeEndpoint: async () => ({ EndpointConfigName: serves, EndpointStatus: status }),
        describeModelPackage: async ({ ModelPackageName }: { readonly ModelPackageName: string }) => {
          looks += 1;
          const number = numberIn(ModelPackageName);
          if (!registry.has(number)) throw awsError('sagemaker:DescribeModelPackage', 'ModelPackage x does not exist.');
          const [Stage, StageStatus] = registry.get(number)?.split('/') ?? [];
          return {
            ModelApprovalStatus: rejected.includes(Number(number)) ? 'Rejected' : 'Approved',
            ...(Stage === undefined ? {} : { ModelLifeCycle: { Stage, StageStatus } }),
          };
        },
      },
    },
    write: {
      sagemaker: {
        updateModelPackage: async ({
          ModelPackageArn,
          ModelLifeCycle: { Stage, StageStatus, StageDescription },
          ...rest
        }: {
          readonly ModelPackageArn: string;
          readonly ModelLifeCycle: Readonly<Record<string, string>>;
        }) => {
          expect(rest).toEqual({});
          expect(StageDescription).toMatch(/^\d\.\d\.\d .* \(release churn-/);
          if (error) throw error;
          registry.set(numberIn(ModelPackageArn), `${Stage}/${StageStatus}`);
          sent.push(`${numberIn(ModelPackageArn)} ${Stage}/${StageStatus}`);
        },
      },
    },
  } as unknown as World;
  const turns = turnsOf(release({ phase: 'settling', concludedAt: 0, ...ends }), {
    world,
    ...(besideBefore ? { besideBefore } : {}),
    approval: stage === false ? { group: 'churn', onRejection: 'take-back' } : terms,
    remark: (line: string) => void remarks.push(line),
  } as unknown as Pick<Turn, 'world'>);
  return { sent, remarks, looks: () => looks, turns };
};

const play = async (task: typeof settleStages, { shown, ...given }: Given) => {
  const { sent, remarks, looks, turns } = releaseOn(registryOf(shown), given);
  for (let turn = 0; turn < 9; turn++) if ((await task(turns.turn())) === undefined) break;
  return { sent, remarks, looks: looks(), release: turns.release() };
};

const delivered = { outcome: 'succeeded', reason: 'delivered', candidate: next, baseline: old } as const;
const failed = (reason: NonNullable<Release['reason']>, outcome: NonNullable<Release['outcome']> = 'failed') =>
  ({ outcome, reason, candidate: next, baseline: old }) as const;
const dark = { ...next, beside: { candidate: 'churn-1-1-0-x', baseline: old.endpointConfig } };
const back = {
  operation: 'rollback',
  version: '1.0.0',
  outcome: 'succeeded',
  reason: 'restored',
  candidate: old,
  baseline: next,
} as const;
const usual: Registry = { 1: 'Production/Approved', 2: 'Production/InProgress' };

describe('at the end of a release the registry shows', () => {
  test.each<[string, Given, readonly string[]]>([
    [
      'the delivered version, and the replaced one',
      { ends: delivered, shown: usual, serves: next.endpointConfig },
      ['2 Production/Approved', '1 Production/Retired'],
    ],
    [
      'nothing new when it shows it already',
      { ends: delivered, shown: { 1: 'Production/Retired', 2: 'Production/Approved' }, serves: next.endpointConfig },
      [],
    ],
    [
      'no end of a version that is in another stage by now',
      { ends: delivered, shown: { 1: 'Staging/Approved', 2: undefined }, serves: next.endpointConfig },
      ['2 Production/Approved'],
    ],
    [
      'no end of a version that was in no stage',
      { ends: delivered, shown: { 1: undefined, 2: undefined }, serves: next.endpointConfig },
      ['2 Production/Approved'],
    ],
    [
      'nothing of a version whose package was deleted',
      { ends: delivered, shown: { 2: undefined }, serves: next.endpointConfig },
      ['2 Production/Approved'],
    ],
    ['no delivery that others undid', { ends: delivered, shown: usual, serves: 'made-by-others' }, []],
    [
      'a candidate without traffic as waiting',
      { ends: { ...delivered, reason: 'candidate-dark', candidate: dark }, shown: usual, serves: next.endpointConfig },
      ['2 Production/PendingApproval'],
    ],
    [
      'the stage as before when only settings changed',
      {
        ends: { ...delivered, baseline: { ...next, endpointConfig: 'churn-x' } },
        shown: { 2: 'Production/Approved' },
        serves: next.endpointConfig,
      },
      [],
    ],
    [
      'a convicted version',
      { ends: failed('alarm', 'rolled-back'), shown: usual, serves: old.endpointConfig },
      ['2 Production/Rejected'],
    ],
    [
      'one that proved nothing',
      { ends: failed('capacity-unavailable'), shown: usual, serves: old.endpointConfig },
      ['2 Production/OnHold'],
    ],
    [
      'one that was rejected meanwhile',
      { ends: failed('approval-withdrawn', 'rejected'), shown: usual, serves: old.endpointConfig, rejected: [2] },
      ['2 Production/Rejected'],
    ],
    [
      'one whose approval is open again',
      { ends: failed('approval-withdrawn', 'rejected'), shown: usual, serves: old.endpointConfig },
      ['2 Production/OnHold'],
    ],
    [
      'a candidate that was removed because it was rejected',
      {
        ends: { ...back, baseline: { ...old, endpointConfig: 'churn-both' }, withdraws: '1.1.0' },
        besideBefore: dark,
        shown: { 1: 'Production/Approved', 2: 'Production/PendingApproval' },
        serves: old.endpointConfig,
        rejected: [2],
      },
      ['2 Production/Rejected'],
    ],
    [
      'one that serves unproven, and the one that it replaced',
      { ends: failed('insufficient-traffic', 'inconclusive'), shown: usual, serves: next.endpointConfig },
      ['2 Production/OnHold', '1 Production/Retired'],
    ],
    [
      'nothing of settings that were not delivered: the version serves as before',
      {
        ends: { ...failed('capacity-unavailable'), baseline: { ...next, endpointConfig: 'churn-x' } },
        shown: { 2: 'Production/Approved' },
        serves: 'churn-x',
      },
      [],
    ],
    [
      'the restored version, and the one that was rolled back',
      { ends: back, shown: { 1: 'Production/Retired', 2: 'Production/Approved' }, serves: old.endpointConfig },
      ['1 Production/Approved', '2 Production/Rejected'],
    ],
    [
      'neither of them when they are in the stage of another environment',
      { ends: back, shown: { 1: 'Staging/Approved', 2: 'Staging/InProgress' }, serves: old.endpointConfig },
      [],
    ],
    [
      'both when the stage that it shows is none of this manifest',
      { ends: back, shown: { 1: 'Archived/Retired', 2: undefined }, serves: old.endpointConfig },
      ['1 Production/Approved', '2 Production/Rejected'],
    ],
    [
      'a candidate that went as held, beside the version that stays',
      {
        ends: { ...back, baseline: { ...old, endpointConfig: 'churn-both' }, withdraws: '1.1.0' },
        besideBefore: dark,
        shown: { 1: 'Production/Approved', 2: 'Production/PendingApproval' },
        serves: old.endpointConfig,
      },
      ['2 Production/OnHold'],
    ],
    [
      'a candidate that went with the version that was rolled back',
      {
        ends: back,
        besideBefore: { ...dark, version: '1.2.0', packageVersion: 3 },
        shown: { ...usual, 1: 'Production/Approved', 3: 'Production/PendingApproval' },
        serves: old.endpointConfig,
      },
      ['2 Production/Rejected', '3 Production/OnHold'],
    ],
    [
      'a candidate with traffic that was rolled back once, as rejected',
      { ends: back, besideBefore: dark, shown: { ...usual, 1: 'Production/Approved' }, serves: old.endpointConfig },
      ['2 Production/Rejected'],
    ],
    [
      'nothing of a rollback that failed',
      { ends: { ...back, outcome: 'failed' }, shown: usual, serves: next.endpointConfig },
      [],
    ],
    [
      'nothing of a rollback whose end is unknown',
      { ends: back, shown: usual, serves: old.endpointConfig, status: 'Failed' },
      [],
    ],
    [
      'nothing of configurations that others made',
      { ends: { ...delivered, baseline: configuration('1.0.0') }, shown: usual, serves: next.endpointConfig },
      ['2 Production/Approved'],
    ],
  ])('%s', async (_name, given, expected) => {
    const { sent, remarks } = await play(settleStages, given);
    expect({ sent, remarks }).toEqual({ sent: expected, remarks: [] });
  });
});

describe('at its begin', () => {
  const begun = { phase: 'preparing', candidate: next, baseline: old } as const;
  test.each<[string, Given, readonly string[]]>([
    ['the version is on the way', { ends: begun, shown: { 2: 'Staging/Approved' } }, ['2 Production/InProgress']],
    [
      'one that serves already stays as it is',
      { ends: { ...begun, baseline: next }, shown: { 2: 'Production/Approved' } },
      [],
    ],
    [
      'a busy registry is not waited for',
      { ends: begun, shown: { 2: undefined }, error: new Throttled(0, new Error('busy')) },
      [],
    ],
  ])('%s', async (_name, given, expected) => {
    const { sent, remarks } = await play(beginStage, given);
    expect({ sent, remarks }).toEqual({ sent: expected, remarks: [] });
  });
});

test('without a stage in the manifest the registry is not even read', async () => {
  const given = { ends: delivered, shown: usual, serves: next.endpointConfig, stage: false } as const;
  expect(await play(settleStages, given)).toMatchObject({ sent: [], looks: 0 });
});

describe('a registry that does not take it', () => {
  const denied = awsError(
    'sagemaker:UpdateModelPackage',
    'is not authorized to perform: sagemaker:UpdateModelPackage',
    'AccessDeniedException',
  );
  const given = { ends: delivered, shown: usual, serves: next.endpointConfig };

  test('is remarked once, and requested no more', async () => {
    const { remarks, looks, release: after } = await play(settleStages, { ...given, error: denied });
    expect(remarks).toEqual([
      'the stage Production was not written to the registry: sagemaker:UpdateModelPackage was denied: grant sagemaker:UpdateModelPackage',
    ]);
    expect(looks).toBe(1);
    expect(after.witnessed.stageRefused).toBe(true);
  });

  test('because it is busy is tried for a quarter of an hour', async () => {
    const error = new Throttled(0, new Error('busy'));
    await expect(play(settleStages, { ...given, error, now: minutes(15) - 1 })).rejects.toThrow('busy');
    expect((await play(settleStages, { ...given, error, now: minutes(15) })).remarks).toEqual([
      'the stage Production was not written to the registry: busy',
    ]);
  });
});

describe('two environments that change the stage of one version side by side', () => {
  const begun = { phase: 'preparing', candidate: next, baseline: old } as const;
  const { staging, production } = environments;
  const [one, other] = [termsIn(staging, { staging }), termsIn(production, { production })];
  test.each<[string, typeof settleStages, Partial<Release>, readonly [typeof approval, typeof approval], string]>([
    ['at the begin of a delivery', beginStage, begun, [termsIn(staging), approval], 'InProgress'],
    ['at its end', settleStages, delivered, [termsIn(staging), approval], 'Approved'],
    [
      'at the end of a rollback, with a manifest each',
      settleStages,
      { ...back, baseline: old },
      [one, other],
      'Approved',
    ],
  ])('%s each write it once', async (_name, task, ends, terms, status) => {
    const registry = registryOf({ 1: undefined, 2: undefined });
    const releases = terms.map((term) => {
      const { candidate } = { candidate: next, ...ends };
      return releaseOn(registry, { ends, serves: candidate.endpointConfig }, term);
    });
    const ended = new Set<unknown>();
    for (let turn = 0; turn < 9; turn++)
      for (const { turns } of releases) if ((await task(turns.turn())) === undefined) ended.add(turns);
    expect(ended.size).toBe(2);
    const { packageVersion } = { candidate: next, ...ends }.candidate;
    expect(releases.map(({ sent }) => sent)).toEqual(
      terms.map(({ stage }) => [`${packageVersion} ${stage?.name}/${status}`]),
    );
  });

  test('in one stage: the begin of one delivery and the end of the other', async () => {
    const registry = registryOf({ 1: undefined, 2: undefined });
    const begins = releaseOn(registry, { ends: begun });
    const ends = releaseOn(registry, { ends: delivered, serves: next.endpointConfig });
    const last: unknown[] = [];
    for (let turn = 0; turn < 9; turn++)
      last.splice(0, 2, await beginStage(begins.turns.turn()), await settleStages(ends.turns.turn()));
    expect(last).toEqual([undefined, undefined]);
    expect([begins.sent, ends.sent]).toEqual([['2 Production/InProgress'], ['2 Production/Approved']]);
  });
});
