import type { Simulator } from '../../../simulator/contracts.ts';
import { type SimulatorOptions, startSimulator } from '../../../simulator/simulator.ts';
import { digest } from '../../digest.ts';
import type { Delivery, Environment, Manifest } from '../../manifest/manifest.ts';
import { sharingPolicies } from '../../policy-sharing.ts';
import { defaultReleases } from '../../release/location.ts';
import { standIn } from '../own/stand-in.ts';
import { alarmsOf, bucketsOf, openSinks, placeOf, quietAlarm, rolesNamed } from '../own/world.ts';
import type { Named } from './references.ts';

/** A local AWS: all accounts and regions of the manifest, and what else is named. */
export interface LocalAws {
  readonly simulator: Simulator;
  /** The first one is that of the keys. */
  readonly places: readonly { readonly account: string; readonly region: string }[];
  /** Also those in which only roles lie. */
  readonly accounts: readonly string[];
  readonly environments: readonly Place[];
  /** Where the versions are registered. */
  readonly registries: readonly { readonly account: string; readonly region: string }[];
  /** The images, artifacts and training jobs of this commit. */
  trained(commit: string): Promise<void>;
}
export interface Place {
  readonly name: string;
  readonly account: string;
  readonly region: string;
  readonly environment: Environment;
}

/** What exists besides the places, roles and buckets of a manifest. */
export type AlsoNamed = Omit<Named, 'runners'> & { readonly places?: LocalAws['places'] };

/** @param manifest undefined: no delivery shares anything between accounts */
export const openLocalAws = async (
  manifest: Manifest | undefined,
  named: AlsoNamed,
  options: Omit<SimulatorOptions, 'accountId' | 'region' | 'roles'>,
): Promise<LocalAws> => {
  const environments = Object.entries(manifest?.environments ?? {}).map(([name, environment]) => {
    const { account, region } = placeOf(environment);
    return { name, account, region, environment };
  });
  const deliveries: readonly Delivery[] = [
    ...environments.map(({ environment }) => environment),
    ...Object.values(manifest?.byCodeDeploy ?? {}),
  ];
  const registries = unique(
    deliveries.map((one) => {
      const { account, region } = placeOf(one);
      return { account: one.registry?.account ?? account, region: one.registry?.region ?? region };
    }),
  );
  const wanted = [...(named.places ?? []), ...deliveries.map((one) => pick(placeOf(one))), ...registries];
  const [home = pick(placeOf({}))] = wanted;
  const places = unique([home, ...wanted]);
  const accounts = [...new Set([...places.map(({ account }) => account), ...named.roles.flatMap(accountOf)])];
  const names = [...new Set([...deliveries.flatMap(rolesNamed), ...named.roles])];
  const simulator = await startSimulator({
    // Without a driver: only the running step can hold the time.
    wallSpeed: 1,
    ...options,
    accountId: home.account,
    region: home.region,
    roles: names.flatMap((role) =>
      role.startsWith('arn:') ? [role] : accounts.map((account) => arnOf(account, role)),
    ),
  });
  const at = ({ account, region }: { readonly account: string; readonly region: string }) =>
    simulator.account(account, region);

  for (const place of places) at(place);
  const owned = deliveries.flatMap((one) => {
    const { account, region } = placeOf(one);
    const { registry, releases } = one;
    const lent = one.bucketOwners ?? {};
    return [
      ...('endpoint' in one ? bucketsOf(one as Environment) : []),
      ...(releases === undefined ? [] : [releases.bucket]),
      ...Object.keys(lent),
    ]
      .map((bucket) => ({ bucket, owner: lent[bucket] ?? account, region }))
      .concat(
        registry?.artifacts === undefined
          ? []
          : [{ bucket: registry.artifacts.bucket, owner: registry.account, region: registry.region ?? region }],
      );
  });
  const [registry = home] = registries;
  const buckets = new Map([
    ...named.buckets.map((bucket) => [bucket, registry] as const),
    ...(named.trainingJobs.length === 0 ? [] : [[trainingBucket, registry] as const]),
    ...places.map((place) => [defaultReleases({ id: place.account, region: place.region }).bucket, place] as const),
    ...owned.map(({ bucket, owner, region }) => [bucket, { account: owner, region }] as const),
  ]);
  for (const [bucket, owner] of buckets) {
    const exists = await simulator.call('s3', 'HeadBucket', { Bucket: bucket }).then(
      () => true,
      () => false,
    );
    if (!exists) simulator.objects.create(bucket, owner.account, owner.region);
    if (manifest === undefined) continue;
    await simulator.call('s3', 'PutBucketPolicy', { Bucket: bucket, Policy: openTo(accounts, bucket) });
  }

  const deliverers = accounts.flatMap((account) =>
    names.map((role) => role.replace(/^.*:role\//, '')).map((role) => ({ account, deployer: role, execution: role })),
  );
  const model = manifest?.model ?? '-';
  const shared = (owner: { readonly account: string; readonly region: string }, repository: string) =>
    sharingPolicies({
      partition: 'aws',
      ...owner,
      model,
      artifacts: defaultReleases({ id: owner.account, region: owner.region }),
      repository,
      reader: '-',
      deliverers,
    });
  for (const one of registries) {
    if (places.every(({ account }) => account === one.account)) continue;
    const group = { ModelPackageGroupName: model };
    await at(one).call('sagemaker', 'CreateModelPackageGroup', group);
    const ResourcePolicy = JSON.stringify(shared(one, '-')['group-policy']);
    await at(one).call('sagemaker', 'PutModelPackageGroupPolicy', { ...group, ResourcePolicy });
  }
  for (const { account, region, environment } of environments)
    for (const alarm of alarmsOf(environment))
      await simulator.account(account, region).call('cloudwatch', 'PutMetricAlarm', quietAlarm(alarm));
  for (const delivery of deliveries) await openSinks(simulator, delivery);

  for (const job of named.trainingJobs)
    for (const place of places) await at(place).call('sagemaker', 'CreateTrainingJob', trainingOf(job, place));
  return {
    simulator,
    places,
    accounts,
    environments,
    registries,
    trained: async (commit) => {
      for (const image of named.images.map((text) => withCommit(text, commit))) {
        simulator.images.tag(image, `sha256:${digest(image)}`);
        const [, account = '', region = '', repositoryName = ''] =
          /^(\d+)\.dkr\.ecr\.([a-z0-9-]+)\.[^/]+\/([^:]+)/.exec(image) ?? [];
        // A registry of another account, such as that of AWS's own images, is open to all.
        if (manifest === undefined || !accounts.includes(account) || region !== home.region) continue;
        const policyText = JSON.stringify(shared({ account, region }, repositoryName)['repository-policy']);
        await simulator.account(account, region).call('ecr', 'SetRepositoryPolicy', { repositoryName, policyText });
      }
      // The same commit has the same model.
      const content = standIn(commit, {});
      for (const uri of named.artifacts) {
        const [, bucket = '', key = ''] = /^s3:\/\/([^/]+)\/(.+)$/.exec(uri) ?? [];
        simulator.objects.put(bucket, key, content);
      }
      for (const job of named.trainingJobs)
        simulator.objects.put(trainingBucket, `${job}/output/model.tar.gz`, content);
    },
  };
};

const trainingBucket = 'rehearsal-training';

const trainingOf = (
  TrainingJobName: string,
  { account, region }: { readonly account: string; readonly region: string },
) => ({
  TrainingJobName,
  RoleArn: arnOf(account, 'training'),
  AlgorithmSpecification: {
    TrainingImage: `${account}.dkr.ecr.${region}.amazonaws.com/training:1`,
    TrainingInputMode: 'File',
  },
  OutputDataConfig: { S3OutputPath: `s3://${trainingBucket}` },
  ResourceConfig: { InstanceType: 'ml.m5.large', InstanceCount: 1, VolumeSizeInGB: 10 },
  StoppingCondition: { MaxRuntimeInSeconds: 3600 },
});

/** The commit is the one expression whose value is known before the workflow runs. */
const withCommit = (image: string, commit: string): string =>
  image.replace(/\$\{\{\s*github\.sha\s*\}\}/g, commit).replace(/\$\{\{.*$/, 'unknown');

const arnOf = (account: string, role: string): string => `arn:aws:iam::${account}:role/${role}`;
const accountOf = (role: string): readonly string[] => (role.startsWith('arn:') ? [role.split(':')[4] ?? ''] : []);

const openTo = (accounts: readonly string[], bucket: string): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: accounts },
        Action: 's3:*',
        Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`],
      },
    ],
  });

const pick = ({ account, region }: { readonly account: string; readonly region: string }) => ({ account, region });

const unique = <One extends { readonly account: string; readonly region: string }>(
  all: readonly One[],
): readonly One[] => [...new Map(all.map((one) => [`${one.account}/${one.region}`, one])).values()];
