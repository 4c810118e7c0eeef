import type { Serve, Simulator } from '../../../simulator/contracts.ts';
import { defaultRoles, startSimulator } from '../../../simulator/simulator.ts';
import { partitionOf } from '../../aws/partition.ts';
import type { Delivery, EndpointSpec, Environment } from '../../manifest/manifest.ts';
import { releasesOf } from '../../release/location.ts';
import { withoutUndefined } from '../../without-undefined.ts';
import type { Subject } from './subject.ts';

/** Where the manifest says nothing. */
const somewhere = { account: '111122223333', region: 'eu-west-1' } as const;

/** The place of a manifest's environment. */
export const placeOf = ({
  account = somewhere.account,
  region = somewhere.region,
}: Pick<Environment, 'account' | 'region'>) => ({
  account,
  region,
  image: `${account}.dkr.ecr.${region}.amazonaws.com/rehearsal:1`,
  bucket: `rehearsal-${account}-${region}`,
});

/**
 * The local AWS that the manifest expects: its account and region, roles, buckets, alarms and the image of the stand-in.
 * @param serve undefined: models of the simulator's own form serve
 */
export const openWorld = async ({ environment }: Subject, serve?: Serve): Promise<Simulator> => {
  const { account, region, image, bucket } = placeOf(environment);
  const simulator = await startSimulator({
    accountId: account,
    region,
    roles: [...rolesOf(environment), ...defaultRoles],
    ...withoutUndefined({ serve }),
  });
  simulator.images.tag(image, `sha256:${'5e'.repeat(32)}`);
  const { bucket: releases } = releasesOf(environment, { partition: 'aws', region, id: account });
  for (const name of new Set([bucket, releases, ...bucketsOf(environment)]))
    await simulator.call('s3', 'CreateBucket', { Bucket: name, ...constraint(region) }).catch(exists);
  for (const [name, owner] of Object.entries(environment.bucketOwners ?? {}))
    if (owner !== account) simulator.objects.lend(name, owner);
  for (const name of alarmsOf(environment)) await simulator.call('cloudwatch', 'PutMetricAlarm', quietAlarm(name));
  await openSinks(simulator, environment);
  return simulator;
};

/** The topics and buses of `notify`. Those of another account stay away: a policy opens them, which the simulator does not have. */
export const openSinks = async (simulator: Simulator, delivery: Delivery): Promise<void> => {
  const own = placeOf(delivery);
  for (const { to } of delivery.notify ?? []) {
    if (to.is !== 'sns' && to.is !== 'event-bridge') continue;
    // A bus may be a name alone.
    const [name = '', account = own.account, region = own.region] = (to.is === 'sns' ? to.topic : to.bus)
      .split(':')
      .toReversed();
    if (account !== own.account) continue;
    const { call } = simulator.account(account, region);
    if (to.is === 'sns')
      await call('sns', 'CreateTopic', {
        Name: name,
        ...(name.endsWith('.fifo') ? { Attributes: { FifoTopic: 'true' } } : {}),
      });
    else await call('events', 'CreateEventBus', { Name: name.replace(/^event-bus\//, '') }).catch(exists);
  }
};

/** A name is a role of the region's partition for STS, and of the usual one for what names the caller's: the simulator has no other callers. */
const rolesOf = (environment: Environment): readonly string[] => {
  const { account, region } = placeOf(environment);
  return rolesNamed(environment).flatMap((name) =>
    name.startsWith('arn:') ? [name] : [name, `arn:${partitionOf(region)}:iam::${account}:role/${name}`],
  );
};

/** The roles that a manifest names for an environment, by name or ARN. */
export const rolesNamed = (delivery: Delivery & { readonly endpoint?: Pick<EndpointSpec, 'executionRole'> }) => {
  const { role, rollbackRole, approverRole, registry, endpoint } = delivery;
  const ofRegistry = [registry?.role, registry?.registrarRole, registry?.approverRole];
  return [role, rollbackRole, approverRole, ...ofRegistry, endpoint?.executionRole].filter(
    (name) => name !== undefined,
  );
};

export const bucketsOf = ({ endpoint: { async, dataCapture } }: Environment): readonly string[] =>
  [async?.output, async?.failure, dataCapture?.s3].flatMap((uri) => /^s3:\/\/([^/]+)/.exec(uri ?? '')?.[1] ?? []);

/** Alarms of others that the rollout watches, or that scaling acts on. */
export const alarmsOf = ({ rollout, endpoint }: Environment): readonly string[] => [
  ...rollout.alarms.named,
  ...(endpoint.autoscaling?.step ?? []).map(({ alarm }) => alarm),
];

/** It never goes off by itself: what it watches is the user's own. */
export const quietAlarm = (AlarmName: string): object => ({
  AlarmName,
  Namespace: 'Rehearsal',
  MetricName: AlarmName,
  Statistic: 'Sum',
  Period: 60,
  EvaluationPeriods: 1,
  Threshold: 1,
  ComparisonOperator: 'GreaterThanThreshold',
  TreatMissingData: 'notBreaching',
});

/** S3 API reference, CreateBucket: us-east-1 is the absence of a constraint. */
const constraint = (region: string): object => (region === 'us-east-1' ? {} : { LocationConstraint: region });

const exists = (error: { readonly code?: string }): void => {
  if (!/^(Bucket|Resource)Already/.test(error.code ?? '')) throw error;
};
