import { classify, describe, missesConfig, missesModel, orUndefined } from '../aws/errors.ts';
import { allPages } from '../aws/pages.ts';
import { type Instant, iso, minutes, seconds } from '../clock.ts';
import { type Desired, sameAs } from '../endpoint/desired.ts';
import { contentName } from '../endpoint/names.ts';
import { observe } from '../endpoint/observe.ts';
import { tags } from '../endpoint/tags.ts';
import type { EndpointSpec } from '../manifest/manifest.ts';
import { Refusal } from '../operation.ts';
import { arn, type World, writesOf } from '../world.ts';
import type { Endpoint } from './site.ts';

/**
 * An endpoint for one attempt of one test: a model, a config and an endpoint of one name, each with the tag below. Nothing without the tag
 * is ever removed.
 */
export const temporaryTag = 'model-delivery:temporary';

/** A test that takes longer loses its endpoint to the next one's sweep. */
export const longestTest = minutes(6 * 60);

/** `churn-test-1a2b3c4d`. @param of what makes the test unlike others */
export const temporaryName = (endpoint: string, of: object): string => contentName(endpoint, 'test', of, 1);

/** The part of such a name that is the same for all tests of an endpoint. */
const temporaryPrefix = (endpoint: string): string => temporaryName(endpoint, {}).slice(0, -'1a2b3c4d'.length);

export const isTemporaryName = (endpoint: string, name: string): boolean =>
  name.startsWith(temporaryPrefix(endpoint)) && /^[0-9a-f]{8}$/.test(name.slice(temporaryPrefix(endpoint).length));

/**
 * The environment's endpoint, of the same kind, reduced to one small fleet that only the test calls.
 * @param instance instead of the environment's type
 * @param answers S3 location for those of an asynchronous endpoint
 */
export const temporarySpec = (spec: EndpointSpec, instance: string | undefined, answers: string): EndpointSpec => {
  const {
    autoscaling: _scaling,
    dataCapture: _capture,
    async,
    managedInstanceScaling: _managed,
    capacityReservation: _reservation,
    serverless,
    ...rest
  } = spec;
  const type = instance ?? spec.instance?.type;
  // Its subscribers wait for answers to requests of their own.
  const { successTopic: _success, errorTopic: _error, includeResponseIn: _in, ...quiet } = async ?? {};
  const kept = async === undefined ? {} : { async: { ...quiet, output: answers } };
  if (type !== undefined) return { ...rest, ...kept, instance: { type, count: 1 } };
  return serverless === undefined
    ? rest
    : { ...rest, serverless: { memoryMb: serverless.memoryMb, maxConcurrency: serverless.maxConcurrency } };
};

export interface TemporaryContent extends Desired {
  /** The same model in the other of two ways, if there is one: an approval in the middle of a test makes no other model of it. */
  readonly otherwise?: Desired['model'];
}

/** Model and config of the candidate under the temporary name. @param wanted as a delivery would make them from `temporarySpec` */
export const underName = (
  { model, config, otherwise }: TemporaryContent,
  name: string,
  until: Instant,
): TemporaryContent => {
  const Tags = [...(model.Tags ?? []), ...tags({ [temporaryTag]: iso(until) })];
  return {
    model: { ...model, ModelName: name, Tags },
    ...(otherwise === undefined ? {} : { otherwise: { ...otherwise, ModelName: name, Tags } }),
    config: {
      ...config,
      EndpointConfigName: name,
      ProductionVariants: config.ProductionVariants?.map((variant) => ({ ...variant, ModelName: name })),
      Tags,
    },
  };
};

export type TemporaryState =
  | { readonly is: 'ready'; readonly site: Endpoint }
  | { readonly is: 'working'; readonly because: string; readonly notBefore?: Instant }
  /** SageMaker could not start it. */
  | { readonly is: 'failed'; readonly because: string };

const pollMs = seconds(30);

/** Makes the next missing part, or looks whether the endpoint is up. */
export const ensureTemporary = async (
  world: World,
  { model, config, otherwise }: TemporaryContent,
): Promise<TemporaryState> => {
  const name = config.EndpointConfigName;
  const { sagemaker } = world.read;
  const write = writesOf(world).sagemaker;
  const existing = await orUndefined(sagemaker.describeModel({ ModelName: name }));
  if (existing === undefined) return made(world, `temporary model ${name}`, write.createModel(model));
  const itsConfig = await orUndefined(sagemaker.describeEndpointConfig({ EndpointConfigName: name }));
  const isOurs = sameAs(model, existing) || (otherwise !== undefined && sameAs(otherwise, existing));
  if (!isOurs || (itsConfig !== undefined && !sameAs(config, itsConfig)))
    throw new Refusal('name-taken', `${name} exists with other content than this test gives it: delete it`);
  if (itsConfig === undefined)
    return made(world, `temporary endpoint config ${name}`, write.createEndpointConfig(config));
  const live = await observe(world, name);
  if (live === undefined)
    return made(
      world,
      `temporary endpoint ${name}`,
      write.createEndpoint({
        EndpointName: name,
        EndpointConfigName: name,
        ...(config.Tags ? { Tags: config.Tags } : {}),
      }),
    );
  if (live.status === 'Failed')
    return {
      is: 'failed',
      because: `temporary endpoint ${name} is Failed: ${live.failureReason ?? 'SageMaker gives no reason'}`,
    };
  if (live.status !== 'InService' || live.endpointConfig !== name)
    return {
      is: 'working',
      because: `temporary endpoint ${name} is ${live.status}`,
      notBefore: world.clock.now() + pollMs,
    };
  return {
    is: 'ready',
    site: {
      is: 'endpoint',
      name: `temporary endpoint ${name}`,
      endpoint: name,
      content: name,
      ...(live.asynchronous ? { asynchronous: true } : {}),
    },
  };
};

const made = async (world: World, what: string, creation: Promise<unknown>): Promise<TemporaryState> => {
  try {
    await creation;
  } catch (error) {
    const notBefore = world.clock.now() + pollMs;
    // A run of the same test that ends just now has removed a part since this one looked.
    if (missesConfig(error) || missesModel(error))
      return { is: 'working', because: `${what} lost a part that another run of this test removed`, notBefore };
    if (classify(error) !== 'already-exists') throw error;
    // Another run of the same test was first, or reads lag behind the creation: looking again at once would find the same.
    return { is: 'working', because: `${what} cannot be read yet`, notBefore };
  }
  return { is: 'working', because: `created ${what}` };
};

/** A step of a removal. */
interface Removal {
  readonly because: string;
  readonly notBefore?: Instant;
}

/**
 * Removes one part of what has this name and the tag; SageMaker wants the endpoint gone first.
 * @returns the removed part, or the reason to wait; undefined when nothing is left
 */
export const removeTemporary = async (world: World, name: string): Promise<Removal | undefined> => {
  const { sagemaker } = world.read;
  const write = writesOf(world).sagemaker;
  const live = await observe(world, name);
  if (live?.status === 'Creating' || live?.status === 'Deleting')
    return { because: `temporary endpoint ${name} is ${live.status}`, notBefore: world.clock.now() + pollMs };
  if (live !== undefined && (await isTemporary(world, 'endpoint', name)))
    return removed(world, `temporary endpoint ${name}`, write.deleteEndpoint({ EndpointName: name }), () =>
      observe(world, name),
    );
  const config = await orUndefined(sagemaker.describeEndpointConfig({ EndpointConfigName: name }));
  if (config !== undefined && (await isTemporary(world, 'endpoint-config', name)))
    return removed(
      world,
      `temporary endpoint config ${name}`,
      write.deleteEndpointConfig({ EndpointConfigName: name }),
      () => orUndefined(sagemaker.describeEndpointConfig({ EndpointConfigName: name })),
    );
  const model = await orUndefined(sagemaker.describeModel({ ModelName: name }));
  if (model !== undefined && (await isTemporary(world, 'model', name)))
    return removed(world, `temporary model ${name}`, write.deleteModel({ ModelName: name }), () =>
      orUndefined(sagemaker.describeModel({ ModelName: name })),
    );
  return undefined;
};

/** Reads may lag behind a deletion: a removal that looked again at once would delete the same thing again and again. */
const removed = async (
  world: World,
  what: string,
  deletion: Promise<unknown>,
  seen: () => Promise<unknown>,
): Promise<Removal> => {
  try {
    await orUndefined(deletion);
  } catch (error) {
    // Another run of the same test was first.
    if (classify(error) !== 'in-progress') throw error;
  }
  return (await seen()) === undefined
    ? { because: `removed ${what}` }
    : { because: `removed ${what}, which can still be read`, notBefore: world.clock.now() + pollMs };
};

type Kind = 'endpoint' | 'endpoint-config' | 'model';

const untilOf = async (world: World, kind: Kind, name: string): Promise<Instant | undefined> => {
  // Another run may have removed it since it was seen.
  const pages = await orUndefined(
    allPages('sagemaker:ListTags', (NextToken) =>
      world.read.sagemaker.listTags({
        ResourceArn: arn(world.account, 'sagemaker', `${kind}/${name.toLowerCase()}`),
        NextToken,
      }),
    ),
  );
  const value = pages?.flatMap(({ Tags }) => Tags ?? []).find(({ Key }) => Key === temporaryTag)?.Value;
  const until = value === undefined ? Number.NaN : Date.parse(value);
  return Number.isNaN(until) ? undefined : until;
};

const isTemporary = async (world: World, kind: Kind, name: string): Promise<boolean> =>
  (await untilOf(world, kind, name)) !== undefined;

/**
 * Removes one part that an earlier test of this endpoint left behind: killed, and its time is over.
 * @param keep the name of this run's own
 * @returns the removed part, or the reason to wait; undefined when nothing is left
 */
export const sweepOne = async (
  world: World,
  endpoint: string,
  keep: string | undefined,
): Promise<Removal | undefined> => {
  const { sagemaker } = world.read;
  const NameContains = temporaryPrefix(endpoint);
  const names = new Set<string>();
  const kinds = [
    [
      'endpoint',
      async (NextToken: string | undefined) => {
        const page = await sagemaker.listEndpoints({ NameContains, MaxResults: 100, NextToken });
        return { NextToken: page.NextToken, names: page.Endpoints?.map(({ EndpointName }) => EndpointName) };
      },
    ],
    [
      'endpoint-config',
      async (NextToken: string | undefined) => {
        const page = await sagemaker.listEndpointConfigs({ NameContains, MaxResults: 100, NextToken });
        return {
          NextToken: page.NextToken,
          names: page.EndpointConfigs?.map(({ EndpointConfigName }) => EndpointConfigName),
        };
      },
    ],
    [
      'model',
      async (NextToken: string | undefined) => {
        const page = await sagemaker.listModels({ NameContains, MaxResults: 100, NextToken });
        return { NextToken: page.NextToken, names: page.Models?.map(({ ModelName }) => ModelName) };
      },
    ],
  ] as const;
  for (const [kind, pageOf] of kinds)
    for (const page of await allPages(`sagemaker:List${kind}`, pageOf))
      for (const name of page.names ?? []) {
        if (name === undefined || name === keep || !isTemporaryName(endpoint, name) || names.has(name)) continue;
        names.add(name);
        const until = await untilOf(world, kind, name);
        if (until === undefined || until > world.clock.now()) continue;
        const done = await removeTemporary(world, name);
        if (done !== undefined) return { ...done, because: `${done.because}, left behind by an earlier test` };
      }
  return undefined;
};

/** Why leftovers could not be looked for, as a remark. */
export const unswept = (error: unknown): string => `leftovers of earlier tests were not looked for: ${describe(error)}`;
