import type { Look } from '../endpoint/look.ts';
import type { Part, RegisteredMetrics, Serves } from '../findings/evidence.ts';
import { tagOf, versionIn } from '../registry/described-package.ts';
import { trainingMetricsOf } from '../registry/lineage.ts';
import type { RegisteredVersion } from '../registry/registered-version.ts';
import { describeServed, type ServedPackage } from '../scoring/registered-reports.ts';
import type { World } from '../world.ts';
import { compareMetrics } from './evidence-metrics.ts';
import { andThen } from './evidence-part.ts';

/** A version's metrics beside those of the version that serves at the endpoint. Reads only; a part that cannot be read has the reason. */
export const registeredMetrics = async (
  world: World,
  endpoint: string,
  look: Part<Look | undefined>,
  registered: RegisteredVersion,
): Promise<RegisteredMetrics> => {
  const served = await andThen(look, (seen) => describeServed(world, seen));
  return {
    tag: registered.tag,
    serves: servesOf(endpoint, look, served),
    ...(await compareMetrics(world, registered, served.is === 'known' ? served.value : undefined)),
  };
};

/** For a plan, which reads nothing for a version that was registered without metrics. */
export const plannedMetrics = async (
  world: World,
  endpoint: string,
  look: Look | undefined,
  registered: RegisteredVersion,
): Promise<RegisteredMetrics | undefined> =>
  registered.reports.evaluation === undefined && Object.keys(trainingMetricsOf(registered.metadata)).length === 0
    ? undefined
    : registeredMetrics(world, endpoint, { is: 'known', value: look }, registered);

const servesOf = (
  endpoint: string,
  look: Part<Look | undefined>,
  served: Part<ServedPackage | undefined>,
): Part<Serves> => {
  if (served.is === 'unknown') return served;
  if (look.is === 'unknown') return look;
  const { value: found } = served;
  // Something serves whose config or model was deleted.
  if (found === undefined && look.value !== undefined && look.value.live.variants.length > 0)
    return { is: 'unknown', because: `endpoint config ${look.value.live.endpointConfig} or its model was deleted` };
  if (found === undefined) return { is: 'known', value: { endpoint } };
  if ('why' in found) return { is: 'unknown', because: found.why };
  return { is: 'known', value: { endpoint, name: nameOfServed(found) } };
};

/** `churn_v1.3.0`, or `churn/7`. */
const nameOfServed = ({ arn, description }: Extract<ServedPackage, { readonly arn: string }>): string => {
  const [group = '', number = ''] = arn.split('/').slice(1);
  const packageVersion = Number(number);
  return number === ''
    ? group
    : tagOf(group, { version: versionIn(group, packageVersion, description), packageVersion });
};
