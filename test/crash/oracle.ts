import type { LoggedRequest } from '../../simulator/contracts.ts';
import type { Outcome } from '../../src/outcome.ts';
import type { ReasonCode } from '../../src/reason-codes.ts';
import { rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { broken } from '../../src/rehearsal/relations.ts';
import { readServing, type Serving } from '../../src/rehearsal/serving.ts';
import { journalKey, releasesOf } from '../../src/release/location.ts';
import { wholeJournal } from '../../src/release/segments.ts';
import { atRest } from '../support/at-rest.ts';
import { temporaries, testRecords } from '../support/golden-set.ts';
import type { Ended, Scene } from './scene.ts';

type Answer = Record<string, unknown>;

/**
 * What the account shows, read from the simulator and never from the product: which artifact's bytes are served by which variant, what is
 * around the endpoint, what the registry and the release record hold.
 */
export interface Shown {
  readonly serving: Serving | undefined;
  /** Endpoint, alarms, autoscaling, record, without times. */
  readonly rest: Answer;
  readonly packages: readonly Answer[];
}

export const look = async (scene: Scene): Promise<Shown> => {
  const { account, simulator } = scene;
  const serving = await readServing(simulator, team.endpoint);
  return {
    serving,
    rest:
      serving === undefined
        ? { record: account.record()?.live?.id }
        : {
            ...(await atRest(account)),
            scalable: await scalable(scene),
            temporary: await temporaries(scene),
            tests: testRecords(scene).map(({ attempt, verdict }) => [attempt, verdict?.attempt, verdict?.verdict]),
          },
    packages: await packagesOf(scene),
  };
};

export const packagesOf = async ({ simulator }: Scene): Promise<readonly Answer[]> => {
  const { ModelPackageSummaryList } = await simulator
    .call('sagemaker', 'ListModelPackages', { ModelPackageGroupName: team.model })
    // Before the first registration there is no group.
    .catch(() => ({ ModelPackageSummaryList: [] }));
  return (ModelPackageSummaryList as readonly Answer[]).map(
    ({ ModelPackageVersion, ModelPackageStatus, ModelApprovalStatus, ModelPackageDescription }) => ({
      ModelPackageVersion,
      ModelPackageStatus,
      ModelApprovalStatus,
      ModelPackageDescription,
    }),
  );
};

/** Limits and suspensions of every scalable variant: what a release sets aside it puts back. */
const scalable = async ({ simulator }: Scene): Promise<readonly Answer[]> => {
  const { ScalableTargets } = await simulator.call('application-autoscaling', 'DescribeScalableTargets', {
    ServiceNamespace: 'sagemaker',
  });
  return (ScalableTargets as readonly Answer[]).map(({ ResourceId, MinCapacity, MaxCapacity, SuspendedState }) => ({
    ResourceId,
    MinCapacity,
    MaxCapacity,
    SuspendedState,
  }));
};

/** The alarms of releases; autoscaling names its own. */
export const alarmsOf = async ({ simulator }: Scene): Promise<readonly string[]> => {
  const { MetricAlarms } = await simulator.call('cloudwatch', 'DescribeAlarms', {});
  return (MetricAlarms as readonly Answer[])
    .map(({ AlarmName }) => String(AlarmName))
    .filter((name) => !name.startsWith('TargetTracking-'));
};

export const scalingOf = scalable;

/** How often each kind of change was carried out by the processes of a scene; the record's and the journal's own are not counted. */
export const changes = (requests: readonly LoggedRequest[]): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const { service, operation, mutation, participant } of requests) {
    if (!mutation || participant === undefined || (service === 's3' && operation === 'PutObject')) continue;
    const name = `${service}:${operation}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
};

/** Changes that are not the same when they are made twice. */
const once = /^(sagemaker:(Create|UpdateEndpoint$)|s3:CopyObject)/;

/** What was made more often than a run that nothing disturbs makes it. */
export const madeTwice = (
  counts: ReadonlyMap<string, number>,
  clean: ReadonlyMap<string, number>,
  attempts: number,
): readonly string[] =>
  [...counts].flatMap(([name, count]) => {
    const expected = (clean.get(name) ?? 0) * attempts;
    return once.test(name) && count > expected ? [`${name} was carried out ${count} times, not ${expected}`] : [];
  });

/** Whatever happens: nothing of this is ever asked for (DESIGN §7 rule 3), but for what was made for one test. */
const destroys = /^(sagemaker:Delete|s3:Delete)/;
export const destroyed = (requests: readonly LoggedRequest[]): readonly string[] =>
  requests.flatMap(({ service, operation, resource, participant }) =>
    participant !== undefined && destroys.test(`${service}:${operation}`) && !/\/iris-test-[0-9a-f]{8}$/.test(resource)
      ? [`${operation} of ${resource}`]
      : [],
  );

/** Every configuration of the history, with its model and its artifact, is still there to be gone back to. */
export const missingForRollback = async ({ account, simulator }: Scene): Promise<readonly string[]> => {
  const missing: string[] = [];
  for (const { endpointConfig } of account.record()?.history ?? []) {
    const config = await simulator
      .call('sagemaker', 'DescribeEndpointConfig', { EndpointConfigName: endpointConfig })
      .catch(() => undefined);
    if (config === undefined) {
      missing.push(`endpoint config ${endpointConfig} is gone`);
      continue;
    }
    for (const { ModelName } of config['ProductionVariants'] as readonly { readonly ModelName: string }[]) {
      const model = await simulator.call('sagemaker', 'DescribeModel', { ModelName }).catch(() => undefined);
      if (model === undefined) missing.push(`model ${ModelName} is gone`);
    }
  }
  return missing;
};

/** The record: one release live or none, no release ended twice, and its history names what serves. */
export const wrongRecord = (scene: Scene, serving: Serving | undefined): readonly string[] => {
  const record = scene.account.record();
  if (record === undefined) return serving === undefined ? [] : ['an endpoint was made without a record'];
  const ids = record.ended.map(({ id }) => id);
  const twice = ids.filter((id, index) => ids.indexOf(id) !== index || id === record.live?.id);
  const current = record.history.filter(({ until }) => until === undefined);
  return [
    ...twice.map((id) => `release ${id} is in the record twice`),
    ...(current.length > 1 ? ['two entries of the history serve at once'] : []),
    ...(record.live === undefined &&
    serving?.status === 'InService' &&
    current[0] !== undefined &&
    current[0].endpointConfig !== serving.endpointConfig
      ? [`the history says that ${current[0].endpointConfig} serves, and ${serving.endpointConfig} does`]
      : []),
  ];
};

/** A journal is lines of JSON, whatever interrupted its writer. */
export const wrongJournals = ({ account, simulator }: Scene): readonly string[] => {
  const record = account.record();
  const releases = [...(record?.ended ?? []), ...(record?.live ? [record.live] : [])];
  const location = releasesOf({}, { id: team.account, region: team.region, partition: 'aws' });
  return releases.flatMap(({ id }) => {
    const found = wholeJournal((segment) =>
      simulator.objects.get(location.bucket, journalKey(location, team.endpoint, id, segment))?.body.toString(),
    );
    const lines = found?.split('\n') ?? [];
    return lines.filter((line) => line !== '' && !isJson(line)).map((line) => `journal of ${id}: ${line.slice(0, 80)}`);
  });
};
const isJson = (line: string): boolean => {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
};

/** What the run reported is not what DescribeEndpoint shows. */
export const untrue = (
  { outcome, reason, endpointConfig }: Ended,
  facts: {
    readonly before: Serving | undefined;
    readonly after: Serving | undefined;
    readonly version: string;
    readonly mutations: number;
  },
): readonly string[] =>
  outcome === undefined || reason === undefined
    ? ['the run reported nothing']
    : broken(outcome as Outcome, reason as ReasonCode, {
        before: facts.before,
        after: facts.after,
        version: facts.version,
        candidateConfig: endpointConfig ?? facts.after?.endpointConfig,
        mutations: facts.mutations,
      }).map((sentence) => `${outcome}/${reason}: ${sentence}`);

/** Requests that failed in a scene whose versions never fail. */
export const failedRequests = ({ simulator }: Scene): number =>
  simulator.hosting.minutes().reduce((sum, { errors }) => sum + errors, 0);
