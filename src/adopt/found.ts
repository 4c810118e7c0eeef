import type { MetricAlarm } from '../aws/cloudwatch.ts';
import { allPages } from '../aws/pages.ts';
import { requireConfig } from '../endpoint/baseline.ts';
import { hardwareOfVariant, kindOf } from '../endpoint/kind.ts';
import { type Look, lookAt, packageOfModel } from '../endpoint/look.ts';
import { recordTag } from '../endpoint/record-tag.ts';
import { dimensionOfFleet, scalingOf } from '../endpoint/scaling.ts';
import { type Settings, settingsOf } from '../endpoint/settings.ts';
import { tagsOf } from '../endpoint/tags.ts';
import type { S3Location } from '../manifest/manifest.ts';
import { usualRate } from '../metrics/traffic.ts';
import { Refusal } from '../operation.ts';
import { parseS3Location } from '../registry/s3-object.ts';
import { type PackageReference, readPackage } from '../registry/version-reference.ts';
import { newRecord } from '../release/lifecycle.ts';
import { defaultReleases, recordKey } from '../release/location.ts';
import type { EndpointKind, ReleaseRecord, ScalingSnapshot } from '../release/record.ts';
import { releaseStore } from '../release/store.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';
import { refuseUnadoptable } from './refuse.ts';

/** Everything about an endpoint that a manifest can have, and everything around it. */
export interface Found {
  readonly endpoint: string;
  readonly look: Look;
  readonly kind: EndpointKind;
  /** Name of the only variant. */
  readonly variant: string;
  readonly settings: Settings;
  readonly tags: ReadonlyMap<string, string>;
  readonly scaling: ScalingSnapshot | undefined;
  readonly alarms: readonly MetricAlarm[];
  readonly composites: readonly CompositeAlarm[];
  /** The package that the model is made of. */
  /** The one that the model was made of; the containers of a model may have several, and then none is the model's. */
  readonly package: PackageReference | undefined;
  /** Requests per second. */
  readonly rate: number;
  /** The release record, where an earlier delivery of this suite left its tag. */
  readonly record: ReleaseRecord | undefined;
  /** The place of that record, unless it is the default. */
  readonly releases: S3Location | undefined;
}
export interface CompositeAlarm {
  readonly AlarmName?: string | undefined;
  readonly AlarmRule?: string | undefined;
}

/**
 * Reads an endpoint and everything around it; writes nothing.
 * @throws {Refusal} when there is none, or no manifest can deliver to it
 */
export const find = async (world: World, endpoint: string): Promise<Found> => {
  const look = await lookAt(world, endpoint);
  if (look === undefined)
    throw new Refusal('endpoint-unusable', `there is no endpoint ${endpoint} in ${world.account.region}`);
  const tags = await tagsOf(world, endpoint);
  const releases = placeOf(tags.get(recordTag), endpoint);
  const record = tags.has(recordTag) ? await recordAt(world, endpoint, releases) : undefined;
  const subject = { endpoint, account: world.account.id, region: world.account.region };
  const kind = kindOf(look, record ?? newRecord(subject));
  refuseUnadoptable(endpoint, look, kind);
  const config = requireConfig(look);
  const [one] = config.ProductionVariants ?? [];
  const variant = one?.VariantName ?? look.live.variants[0]?.name ?? '';
  const model = look.models.get(one?.ModelName ?? '');
  if (model === undefined)
    throw new Refusal(
      'config-missing',
      `model ${one?.ModelName}, which serves now, was deleted, and its role and network are not known: create it again under the same name`,
    );
  const dimension = dimensionOfFleet({ instanceType: (one && hardwareOfVariant(one)) ?? '' });
  const [scaling, { alarms, composites }, rate] = await Promise.all([
    scalingOf(world, endpoint, variant, dimension),
    alarmsIn(world),
    usualRate(world, { endpoint, variant, kind }),
  ]);
  const packageName = packageOfModel(model);
  return {
    endpoint,
    look,
    kind,
    variant,
    settings: settingsOf(config, model, variant),
    tags,
    scaling,
    alarms,
    composites,
    package: packageName === undefined ? undefined : readPackage('', packageName),
    rate,
    record,
    releases: isDefault(releases, world) ? undefined : releases,
  };
};

const placeOf = (uri: string | undefined, endpoint: string): S3Location | undefined => {
  const place = parseS3Location(uri ?? '');
  const end = recordKey({ bucket: '', prefix: '' }, endpoint);
  return place?.key.endsWith(end) ? { bucket: place.bucket, prefix: place.key.slice(0, -end.length) } : undefined;
};

const isDefault = (place: S3Location | undefined, { account }: World): boolean => {
  const { bucket, prefix } = defaultReleases(account);
  return place?.bucket === bucket && place.prefix === prefix;
};

const recordAt = async (
  world: World,
  endpoint: string,
  location: S3Location = defaultReleases(world.account),
): Promise<ReleaseRecord | undefined> => {
  const { account, read } = world;
  const subject = { endpoint, account: account.id, region: account.region };
  return (await releaseStore({ reads: read, location, subject }).read())?.record;
};

/** Every alarm of the account: CloudWatch has no filter by dimension. */
const alarmsIn = async (world: World): Promise<Pick<Found, 'alarms' | 'composites'>> => {
  const pages = await allPages('cloudwatch:DescribeAlarms', (NextToken) =>
    world.read.cloudwatch.describeAlarms({
      AlarmTypes: ['MetricAlarm', 'CompositeAlarm'],
      MaxRecords: 100,
      ...withoutUndefined({ NextToken }),
    }),
  );
  return {
    alarms: pages.flatMap(({ MetricAlarms = [] }) => MetricAlarms),
    composites: pages.flatMap(({ CompositeAlarms = [] }) => CompositeAlarms),
  };
};
