import type { AnyCall } from '../aws/any-call.ts';
import { describe } from '../aws/errors.ts';
import { type Clock, minutes, seconds } from '../clock.ts';
import { runOfAlarm, runOfStage, runOfType, tagKey } from './mark.ts';
import { isOfOneCall, refusalOf } from './refusal.ts';
import { namePrefix, objectPrefix } from './world.ts';

export interface CleanParts {
  readonly aws: AnyCall;
  readonly clock: Clock;
  readonly bucket: string | undefined;
  /** This run's objects only; without it those of every run. */
  readonly run?: string;
  readonly say: (line: string) => void;
}

/** IAM actions of the removal, whatever was asked. */
export const cleaning: readonly string[] = [
  'sagemaker:ListEndpoints',
  'sagemaker:DescribeEndpoint',
  'sagemaker:DeleteEndpoint',
  'sagemaker:ListEndpointConfigs',
  'sagemaker:DeleteEndpointConfig',
  'sagemaker:ListModels',
  'sagemaker:DeleteModel',
  'sagemaker:ListModelPackageGroups',
  'sagemaker:ListModelPackages',
  'sagemaker:DeleteModelPackage',
  'sagemaker:DeleteModelPackageGroup',
  'sagemaker:ListTransformJobs',
  'sagemaker:StopTransformJob',
  'sagemaker:ListTags',
  'cloudwatch:DescribeAlarms',
  'cloudwatch:DeleteAlarms',
  'codepipeline:ListPipelines',
  'codepipeline:GetPipeline',
  'codepipeline:DeletePipeline',
  'codepipeline:ListActionTypes',
  'codepipeline:DeleteCustomActionType',
  's3:ListBucket',
  's3:DeleteObject',
];

/** SageMaker's kinds in the order of their removal: an endpoint before its configuration, a version before its group. */
const kinds = [
  { list: 'ListTransformJobs', of: 'TransformJobSummaries', noun: 'TransformJob', remove: 'StopTransformJob' },
  { list: 'ListEndpoints', of: 'Endpoints', noun: 'Endpoint', remove: 'DeleteEndpoint' },
  { list: 'ListEndpointConfigs', of: 'EndpointConfigs', noun: 'EndpointConfig', remove: 'DeleteEndpointConfig' },
  { list: 'ListModels', of: 'Models', noun: 'Model', remove: 'DeleteModel' },
  {
    list: 'ListModelPackageGroups',
    of: 'ModelPackageGroupSummaryList',
    noun: 'ModelPackageGroup',
    remove: 'DeleteModelPackageGroup',
  },
] as const;
type Kind = (typeof kinds)[number];
interface Found {
  readonly name: string;
  readonly arn: string;
  readonly status: string | undefined;
}

/**
 * Removes the objects of a probe: those with its prefix in their name and its tag, and no others. It asks AWS for them and relies on no list
 * of its own, so that it does the same after an interruption, and for the leftovers of a run that died. Where AWS refuses a removal it goes on
 * with the next: an endpoint must not stay, and cost, because of an alarm.
 * @returns how many objects were removed
 * @throws the first refusal, when everything else is removed
 */
export const clean = async (parts: CleanParts): Promise<number> => {
  const { bucket } = parts;
  const steps = [
    ...kinds.map((kind) => () => cleanKind(kind, parts)),
    () => cleanAlarms(parts),
    () => cleanPipelines(parts),
    () => cleanActionTypes(parts),
    ...(bucket === undefined ? [] : [() => cleanBucket(bucket, parts)]),
  ];
  let removed = 0;
  const refusals: unknown[] = [];
  for (const step of steps) {
    try {
      removed += await step();
    } catch (error) {
      if (!isOfOneCall(error)) throw error;
      refusals.push(error);
    }
  }
  if (refusals.length > 0) throw refusals[0];
  return removed;
};

const cleanKind = async (kind: Kind, parts: CleanParts): Promise<number> => {
  const { aws, say } = parts;
  const removed: string[] = [];
  let refusal: unknown;
  for (const found of await listed(kind, parts)) {
    const { name, arn, status } = found;
    // A job cannot be removed: one that has ended stays in the list, and costs nothing.
    if (kind.noun === 'TransformJob' && status !== 'InProgress') continue;
    try {
      if (!(await isOurs(found, parts))) {
        say(`${name} has the name of a probe's ${kind.noun} and no tag ${tagKey}: it stays`);
        continue;
      }
      if (kind.noun === 'ModelPackageGroup') await cleanGroup(name, parts);
      else if (kind.noun !== 'Endpoint' || (await whenSettled(name, parts)) !== 'Deleting')
        await unlessGone(aws.json('sagemaker', kind.remove, { [`${kind.noun}Name`]: name }));
    } catch (error) {
      if (!isOfOneCall(error)) throw error;
      if (isGone(error) || (kind.noun === 'TransformJob' && !(await isRunning(name, kind, parts)))) continue;
      say(`not removed: ${describe(error)}`);
      refusal ??= error;
      continue;
    }
    say(`removed ${arn.split(':').at(-1)}`);
    removed.push(name);
  }
  // A configuration or model that a fleet still uses can be removed, but its endpoint would be broken while it lives.
  if (kind.noun === 'Endpoint' && removed.length > 0) await untilGone(kind, removed, parts);
  if (refusal !== undefined) throw refusal;
  return removed.length;
};

/** A job may end between the listing and its stop, which is refused then. */
const isRunning = async (job: string, kind: Kind, parts: CleanParts): Promise<boolean> =>
  (await listed(kind, parts)).some(({ name, status }) => name === job && status === 'InProgress');

const listed = async ({ list, of, noun }: Kind, { aws, run }: CleanParts): Promise<readonly Found[]> => {
  const all: Found[] = [];
  let NextToken: string | undefined;
  do {
    const page = (await aws.json('sagemaker', list, {
      NameContains: run === undefined ? namePrefix : `${namePrefix}${run}-`,
      MaxResults: 100,
      ...(NextToken === undefined ? {} : { NextToken }),
    })) as Readonly<Record<string, unknown>>;
    NextToken = page['NextToken'] as string | undefined;
    for (const item of (page[of] ?? []) as readonly Readonly<Record<string, string>>[])
      all.push({
        name: item[`${noun}Name`] ?? '',
        arn: item[`${noun}Arn`] ?? '',
        status: item[`${noun}Status`],
      });
  } while (NextToken !== undefined);
  return all.filter(({ name }) => ownName.test(name));
};

/** `NameContains` finds the prefix anywhere in a name. */
const ownName = new RegExp(`^${namePrefix}[0-9a-f]{8}-`);

const isOurs = async ({ name, arn }: Found, { aws, run }: CleanParts): Promise<boolean> => {
  const { Tags = [] } = (await aws.json('sagemaker', 'ListTags', { ResourceArn: arn })) as {
    readonly Tags?: readonly { readonly Key?: string; readonly Value?: string }[];
  };
  const value = Tags.find(({ Key }) => Key === tagKey)?.Value;
  return isOf(name, value, run);
};

/**
 * A version cannot have tags (AWS: AddTags, "model packages that are versioned"); its group has the tag. A listing may miss a new version, and a
 * group that has one cannot be deleted: then the two are tried again.
 */
const cleanGroup = async (ModelPackageGroupName: string, { aws, clock }: CleanParts): Promise<void> => {
  for (let tries = 1; ; tries++) {
    const { ModelPackageSummaryList = [] } = (await aws.json('sagemaker', 'ListModelPackages', {
      ModelPackageGroupName,
      MaxResults: 100,
    })) as { readonly ModelPackageSummaryList?: readonly { readonly ModelPackageArn?: string }[] };
    for (const { ModelPackageArn } of ModelPackageSummaryList)
      await unlessGone(aws.json('sagemaker', 'DeleteModelPackage', { ModelPackageName: ModelPackageArn }));
    try {
      await unlessGone(aws.json('sagemaker', 'DeleteModelPackageGroup', { ModelPackageGroupName }));
      return;
    } catch (error) {
      if (refusalOf(error) === undefined || tries === groupTries) throw error;
    }
    await clock.sleepUntil(clock.now() + everyMs);
  }
};
const groupTries = 10;

/**
 * An endpoint in the middle of a change cannot be deleted (AWS: DeleteEndpoint).
 * @returns its status then: `Deleting` when an earlier removal is under way
 */
const whenSettled = async (EndpointName: string, { aws, clock, say }: CleanParts): Promise<string> => {
  let status = '';
  for (let looks = 0; looks < patience / everyMs; looks++) {
    ({ EndpointStatus: status = '' } = (await aws.json('sagemaker', 'DescribeEndpoint', { EndpointName })) as {
      readonly EndpointStatus?: string;
    });
    if (!/^(Creating|Updating|RollingBack|SystemUpdating)$/.test(status)) return status;
    if (looks === 0) say(`${EndpointName} is ${status}: it can be removed when it has settled`);
    await clock.sleepUntil(clock.now() + everyMs);
  }
  return status;
};
const everyMs = seconds(20);
const patience = minutes(90);

const untilGone = async (kind: Kind, removed: readonly string[], parts: CleanParts): Promise<void> => {
  for (let looks = 0; looks < patience / everyMs; looks++) {
    if (!(await listed(kind, parts)).some(({ name }) => removed.includes(name))) return;
    await parts.clock.sleepUntil(parts.clock.now() + everyMs);
  }
};

interface ListedAlarm {
  readonly AlarmName?: string;
  readonly AlarmDescription?: string;
}

const cleanAlarms = async ({ aws, run, say }: CleanParts): Promise<number> => {
  const composite: string[] = [];
  const metric: string[] = [];
  let NextToken: string | undefined;
  do {
    const page = (await aws.json('cloudwatch', 'DescribeAlarms', {
      AlarmNamePrefix: run === undefined ? namePrefix : `${namePrefix}${run}-`,
      AlarmTypes: ['CompositeAlarm', 'MetricAlarm'],
      MaxRecords: 100,
      ...(NextToken === undefined ? {} : { NextToken }),
    })) as {
      readonly CompositeAlarms?: readonly ListedAlarm[];
      readonly MetricAlarms?: readonly ListedAlarm[];
      readonly NextToken?: string;
    };
    NextToken = page.NextToken;
    for (const [alarms, ours] of [
      [page.CompositeAlarms, composite],
      [page.MetricAlarms, metric],
    ] as const)
      for (const { AlarmName = '', AlarmDescription } of alarms ?? [])
        if (isOf(AlarmName, runOfAlarm(AlarmDescription), run)) ours.push(AlarmName);
  } while (NextToken !== undefined);
  // A composite alarm keeps its parts from being deleted, and only one can be deleted in a request (CloudWatch API reference, DeleteAlarms).
  for (const name of [...composite, ...metric]) {
    await unlessGone(aws.json('cloudwatch', 'DeleteAlarms', { AlarmNames: [name] }));
    say(`removed alarm/${name}`);
  }
  return composite.length + metric.length;
};

/** Whether a run made an object with this name, and it is the wanted one. @param by the run that its mark names */
const isOf = (name: string, by: string | undefined, run: string | undefined): boolean =>
  by !== undefined && name.startsWith(`${namePrefix}${by}-`) && (run === undefined || by === run);

/** All pages of a listing of CodePipeline. */
const allOf = async <Item>(
  aws: AnyCall,
  operation: string,
  input: object,
  member: string,
): Promise<readonly Item[]> => {
  const all: Item[] = [];
  let nextToken: string | undefined;
  do {
    const page = (await aws.json('codepipeline', operation, {
      ...input,
      ...(nextToken === undefined ? {} : { nextToken }),
    })) as Readonly<Record<string, unknown>>;
    nextToken = page['nextToken'] as string | undefined;
    all.push(...((page[member] ?? []) as readonly Item[]));
  } while (nextToken !== undefined);
  return all;
};

const cleanPipelines = async ({ aws, run, say }: CleanParts): Promise<number> => {
  let removed = 0;
  for (const { name = '' } of await allOf<{ readonly name?: string }>(aws, 'ListPipelines', {}, 'pipelines')) {
    // Another run at work removes its own: it is not looked at.
    if (!ownName.test(name) || (run !== undefined && !name.startsWith(`${namePrefix}${run}-`))) continue;
    const { pipeline } = (await aws.json('codepipeline', 'GetPipeline', { name })) as {
      readonly pipeline?: { readonly stages?: readonly { readonly name?: string }[] };
    };
    if (!isOf(name, runOfStage(pipeline?.stages?.[0]?.name), run)) continue;
    await unlessGone(aws.json('codepipeline', 'DeletePipeline', { name }));
    say(`removed pipeline/${name}`);
    removed++;
  }
  return removed;
};

interface ActionType {
  readonly id: { readonly category: string; readonly provider: string; readonly version: string };
  readonly settings?: { readonly entityUrlTemplate?: string };
}

const cleanActionTypes = async ({ aws, run, say }: CleanParts): Promise<number> => {
  const types = await allOf<ActionType>(aws, 'ListActionTypes', { actionOwnerFilter: 'Custom' }, 'actionTypes');
  const ours = types.filter(({ id, settings }) => isOf(id.provider, runOfType(settings?.entityUrlTemplate), run));
  for (const { id } of ours) {
    const { category, provider, version } = id;
    await unlessGone(aws.json('codepipeline', 'DeleteCustomActionType', { category, provider, version }));
    say(`removed action-type/${category}/${provider}`);
  }
  return ours.length;
};

/** Everything below the prefix of a run, which nobody else writes. */
const cleanBucket = async (bucket: string, { aws, run, say }: CleanParts): Promise<number> => {
  const prefix = run === undefined ? objectPrefix : `${objectPrefix}${run}/`;
  const keys: string[] = [];
  let last: string | undefined;
  do {
    const { text } = await aws.s3('ListObjectsV2', {
      bucket,
      query: { 'list-type': '2', prefix, ...(last === undefined ? {} : { 'start-after': last }) },
    });
    const page = [...text.matchAll(/<Key>([^<]+)<\/Key>/g)].map(([, key = '']) => key);
    keys.push(...page.filter((key) => key.startsWith(prefix) && ownKey.test(key)));
    last = text.includes('<IsTruncated>true</IsTruncated>') ? page.at(-1) : undefined;
  } while (last !== undefined);
  for (const key of keys) await unlessGone(aws.s3('DeleteObject', { bucket, key }));
  if (keys.length > 0) say(`removed ${keys.length} object(s) below ${prefix}`);
  return keys.length;
};

const ownKey = new RegExp(`^${objectPrefix}[0-9a-f]{8}/`);

/** Somebody else, or an earlier try of the same call, was faster. */
const unlessGone = async (sent: Promise<unknown>): Promise<void> => {
  try {
    await sent;
  } catch (error) {
    if (!isGone(error)) throw error;
  }
};

const isGone = (error: unknown): boolean => {
  const refused = refusalOf(error);
  return (
    refused !== undefined && /could not find|does not exist|not ?found/i.test(`${refused.code} ${refused.message}`)
  );
};
