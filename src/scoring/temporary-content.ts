import { baselineOf } from '../endpoint/baseline.ts';
import { type Desired, defaultVariant } from '../endpoint/desired.ts';
import type { Look } from '../endpoint/look.ts';
import { servingIn } from '../endpoint/serving.ts';
import { isWithin } from '../endpoint/settings.ts';
import { canonicalOf } from '../endpoint/variants.ts';
import type { Environment } from '../manifest/manifest.ts';
import { compare } from '../mechanisms/compared.ts';
import { type DeliveryRequest, desiredOf, registryOf } from '../mechanisms/request.ts';
import type { RegisteredVersion } from '../registry/registered-version.ts';
import type { ReleaseRecord } from '../release/record.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';
import { temporarySpec } from './temporary.ts';

interface Wanted {
  readonly model: string;
  readonly environment: Environment;
  readonly registered: RegisteredVersion;
  readonly look: Look | undefined;
  readonly record: ReleaseRecord;
  readonly instance?: string;
}

/** Settings of what serves that a temporary endpoint takes over too, where the manifest does not have them: those that the model needs. */
const takenOver = [
  'model',
  'container',
  'config.KmsKeyId',
  'variant.ModelDataDownloadTimeoutInSeconds',
  'variant.ContainerStartupHealthCheckTimeoutInSeconds',
] as const;

/** Model and config of the candidate as a delivery would make them, reduced to what a test needs. */
export const temporaryContent = async (world: World, wanted: Wanted): Promise<Desired> => {
  const { registered, look, record, instance } = wanted;
  const { endpoint, rollout } = wanted.environment;
  const { version, packageVersion } = registered;
  const requested: DeliveryRequest = {
    group: wanted.model,
    version,
    spec: temporarySpec(endpoint, instance),
    rollout,
    ...registryOf(world),
  };
  const variant = look && canonicalOf(look.live);
  const baseline = look && baselineOf(look, record);
  const shown = look && baseline && { ...baseline, serving: servingIn(look, baseline.endpointConfig, variant) };
  const { source } = await compare(
    world,
    { operation: 'deploy-endpoint', requested, registered, record, attempt: 1, tags: {} },
    shown,
    { variant, instanceCount: 1 },
  );
  return desiredOf(world, requested, {
    packageVersion,
    variant: defaultVariant,
    instanceCount: 1,
    attempt: 1,
    ...withoutUndefined({
      kept: source && {
        from: source.from,
        settings: source.settings.filter((path) => takenOver.some((part) => isWithin(path, part))),
      },
    }),
  });
};
