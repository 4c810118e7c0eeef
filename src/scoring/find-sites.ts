import { kindOf, servedKindOf } from '../endpoint/kind.ts';
import { type Look, lookAt, packageOfModel } from '../endpoint/look.ts';
import { refuseUnasked } from '../endpoint/refuse-kind.ts';
import { candidateVariant, canonicalOf } from '../endpoint/variants.ts';
import type { CandidateSite } from '../manifest/asking.ts';
import { environmentOf } from '../manifest/load.ts';
import type { Manifest } from '../manifest/manifest.ts';
import type { RegressionSpec } from '../manifest/regression.ts';
import { Refusal } from '../operation.ts';
import type { RegisteredVersion } from '../registry/registered-version.ts';
import type { ReleaseRecord } from '../release/record.ts';
import { InputError } from '../schema.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';
import { predictionsOf } from './predictions.ts';
import { contentOfVariant, servedIn } from './served.ts';
import type { Endpoint, Site } from './site.ts';

export interface Request {
  readonly manifest: Manifest;
  readonly environment: string;
  readonly regression: RegressionSpec;
  readonly registered: RegisteredVersion;
  /** The environment's endpoint now; undefined: there is none. */
  readonly look: Look | undefined;
  /** The releases of the environment's endpoint. */
  readonly record: ReleaseRecord;
}

/** Where the baseline answers; undefined when nothing serves yet. @throws {Refusal} `endpoint-unusable` when it cannot be asked now */
export const baselineSite = async (world: World, request: Request): Promise<Site | undefined> => {
  const { regression, look, ...at } = request;
  const { baseline } = regression.asking;
  if (baseline.is === 'predictions') return fileSite(world, request, 'baseline');
  if (look === undefined) return undefined;
  const { name, tags } = environmentOf(at.manifest, at.environment).endpoint;
  if (baseline.is === 'serving') {
    refuseUnasked(name, look, kindOf(look, at.record));
    refuseUnsteady(name, look);
  }
  const served = servedIn(look);
  if (served === undefined)
    throw new Refusal(
      'endpoint-unusable',
      `the config or the model that endpoint ${name} serves was deleted, so that its content is not known`,
    );
  return baseline.is === 'transform'
    ? { ...baseline, name: `batch transform of ${served.model}`, side: 'baseline', model: served.model, tags }
    : endpointSite(name, look, served);
};

/** Where the candidate answers; undefined for a temporary endpoint, which is made for the test. @throws {Refusal} */
export const candidateSite = async (world: World, request: Request): Promise<Site | undefined> => {
  const { manifest, regression, environment, look } = request;
  const { candidate } = regression.asking;
  const { name, tags } = environmentOf(manifest, environment).endpoint;
  switch (candidate.is) {
    case 'predictions':
      return fileSite(world, request, 'candidate');
    case 'temporary':
      return undefined;
    case 'transform':
      return { ...candidate, name: `batch transform of ${request.registered.tag}`, side: 'candidate', tags };
    case 'dark-variant':
      return darkSite(name, request, look);
    case 'environment':
      return elsewhere(world, request, candidate);
  }
};

const fileSite = async (
  world: World,
  { manifest, ...at }: Request,
  side: 'candidate' | 'baseline',
): Promise<Site | undefined> => {
  const file = await predictionsOf(world, { ...at, model: manifest.model }, side);
  return file && { is: 'file', name: file.name, file };
};

const endpointSite = (
  endpoint: string,
  { live }: Look,
  { variant, content }: { readonly variant: string; readonly content: string },
): Endpoint => ({
  is: 'endpoint',
  name: live.variants.length > 1 ? `variant ${variant} of endpoint ${endpoint}` : `endpoint ${endpoint}`,
  endpoint,
  content,
  ...(live.asynchronous ? { asynchronous: true as const } : {}),
  ...withoutUndefined({ variant: live.variants.length > 1 ? variant : undefined }),
});

const darkSite = (name: string, request: Request, look: Look | undefined): Endpoint => {
  const canonical = look && canonicalOf(look.live);
  const variant = canonical === undefined ? undefined : candidateVariant(canonical);
  const live = look?.live.variants.find((one) => one.name === variant);
  if (look === undefined || variant === undefined || live === undefined)
    throw new Refusal(
      'endpoint-unusable',
      `endpoint ${name} has no variant beside the one that serves: run deploy-endpoint with \`strategy: steps\` first, which brings ${request.registered.tag} up without traffic`,
    );
  refuseUnsteady(name, look);
  if (live.weight > 0 || live.desiredWeight > 0)
    throw new Refusal('endpoint-unusable', `variant ${variant} of endpoint ${name} has traffic already`);
  return endpointSite(name, look, requireVersionIn(name, look, variant, request.registered));
};

const elsewhere = async (
  world: World,
  { manifest, registered }: Request,
  { environment, role }: Extract<CandidateSite, { is: 'environment' }>,
): Promise<Endpoint> => {
  const { account, region = world.account.region, endpoint } = environmentOf(manifest, environment);
  const [, , , home] = registered.arn.split(':');
  if (region !== home)
    throw new InputError(
      `regression.candidate: environment ${environment} is in ${region}, and the package of ${registered.tag} in ${home}: SageMaker makes a model only of a package of its own region, so that no endpoint there serves it; use temporary, or compare files of predictions`,
    );
  if (role === undefined && (account ?? world.account.id) !== world.account.id)
    throw new InputError(
      `regression.candidate: environment ${environment} is another account: name a role of it that this run may assume, candidate: { environment: ${environment}, role: … }; or use temporary`,
    );
  const look = await lookAt(role === undefined ? world : within(world), endpoint.name);
  const variant = look && canonicalOf(look.live);
  if (look === undefined || variant === undefined)
    throw new Refusal(
      'endpoint-unusable',
      `endpoint ${endpoint.name} of environment ${environment} does not exist: deploy ${registered.tag} there first`,
    );
  refuseUnasked(endpoint.name, look, servedKindOf(look));
  refuseUnsteady(endpoint.name, look);
  const site = endpointSite(endpoint.name, look, requireVersionIn(endpoint.name, look, variant, registered));
  if (role === undefined) return site;
  if (site.asynchronous)
    throw new InputError(
      `regression.candidate: endpoint ${endpoint.name} of environment ${environment} is asynchronous, and its answers lie in its own account: use temporary`,
    );
  return { ...site, name: `${site.name} of ${environment}`, elsewhere: true };
};

/** The other environment's account, as if the run were there. */
const within = ({ elsewhere: there, ...world }: World): World => {
  if (there === undefined) throw new Error('the session has no role of the other environment');
  const { write: _, ...own } = world;
  return { ...own, ...there };
};

/** The variant must serve the very package under test. */
const requireVersionIn = (endpoint: string, look: Look, variant: string, { arn, tag }: RegisteredVersion) => {
  const served = contentOfVariant(look, variant);
  const model = served && look.models.get(served.model);
  if (served !== undefined && model !== undefined && packageOfModel(model) === arn) return served;
  throw new Refusal(
    'endpoint-unusable',
    `variant ${variant} of endpoint ${endpoint} serves another model than the package of ${tag}: deploy ${tag} there first`,
  );
};

/** Answers of an endpoint that is changing belong to no version. */
const refuseUnsteady = (endpoint: string, { live }: Look): void => {
  if (live.status !== 'InService' || live.pending !== undefined)
    throw new Refusal(
      'endpoint-unusable',
      `endpoint ${endpoint} is ${live.pending === undefined ? live.status : 'Updating'}: test when it is InService`,
    );
};
