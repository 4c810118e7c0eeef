import { classify, orUndefined } from '../aws/errors.ts';
import { seconds } from '../clock.ts';
import { type Desired, sameAs } from '../endpoint/desired.ts';
import { darkConfig } from '../endpoint/variants.ts';
import { Refusal } from '../operation.ts';
import type { Release } from '../release/record.ts';
import { type World, writesOf } from '../world.ts';
import type { Turn, TurnResult } from './turn.ts';

/** Model and config of the version, under the names that the plan froze: each unless it exists. */
export const publish = async (turn: Turn, wanted: Desired): Promise<TurnResult | undefined> =>
  namedAsFrozen(turn, wanted) ?? (await publishModel(turn, wanted)) ?? publishConfig(turn, wanted);

/**
 * Names are content-addressed, so the record's frozen names and this run's names from the manifest must be equal (rule 21). The
 * submission uses the record's names.
 */
const namedAsFrozen = ({ release }: Turn, { model, config }: Desired): undefined => {
  const { candidate } = release;
  refuseOther(release, candidate.model, model.ModelName);
  refuseOther(release, candidate.beside?.candidate ?? candidate.endpointConfig, config.EndpointConfigName);
};

const refuseOther = ({ id, version }: Release, frozen: string, made: string): void => {
  if (frozen === made) return;
  throw new Refusal(
    'plan-changed',
    `the release record has ${frozen} for ${id}, but this run makes ${made} of ${version}: another version of this suite began it, or others changed the record; nothing was submitted`,
  );
};

/**
 * Creates the model unless it exists. Names are content-addressed, so an existing model is the wanted one unless others gave its name
 * to another model (rule 8). After a lost answer and "already exists" the next turn reads it again.
 */
export const publishModel = async ({ world }: Turn, { model }: Desired): Promise<TurnResult | undefined> => {
  const existing = await orUndefined(world.read.sagemaker.describeModel({ ModelName: model.ModelName }));
  if (existing !== undefined) return sameAs(model, existing) ? undefined : taken('model', model.ModelName);
  const created = await unlessExists(writesOf(world).sagemaker.createModel(model));
  return created ? { because: `created model ${model.ModelName}`, percent: 4 } : unseen(world, model.ModelName, 4);
};

/** Creates the endpoint config unless it exists; otherwise as `publishModel`. */
export const publishConfig = async ({ world }: Turn, { config }: Desired): Promise<TurnResult | undefined> => {
  const existing = await orUndefined(
    world.read.sagemaker.describeEndpointConfig({ EndpointConfigName: config.EndpointConfigName }),
  );
  if (existing !== undefined)
    return sameAs(config, existing) ? undefined : taken('endpoint config', config.EndpointConfigName);
  const created = await unlessExists(writesOf(world).sagemaker.createEndpointConfig(config));
  return created
    ? { because: `created endpoint config ${config.EndpointConfigName}`, percent: 6 }
    : unseen(world, config.EndpointConfigName, 6);
};

const unlessExists = async (creation: Promise<unknown>): Promise<boolean> => {
  try {
    await creation;
    return true;
  } catch (error) {
    if (classify(error) !== 'already-exists') throw error;
    return false;
  }
};

/** It was just created, but reads do not show it yet (AWS: CreateEndpointConfig, eventual consistency): the next turn waits, then reads. */
const unseen = (world: World, name: string, percent: number): TurnResult => ({
  because: `${name} exists but cannot be read yet`,
  percent,
  notBefore: world.clock.now() + seconds(5),
});

const taken = (kind: string, name: string): never => {
  throw new Refusal(
    'name-taken',
    `${kind} ${name} exists with content that does not match its name: delete it if nothing uses it`,
  );
};

/** As `publishConfig`, for the config with the baseline and the dark candidate. */
export const publishDark = async (turn: Turn, wanted: Desired): Promise<TurnResult | undefined> => {
  const { world, endpoint, release } = turn;
  const { baseline, candidate, submission, version, attempt } = release;
  if (baseline === undefined || submission.canonical === undefined)
    throw new Error(`release ${release.id} has no baseline for its dark candidate`);
  const serving = await world.read.sagemaker.describeEndpointConfig({ EndpointConfigName: baseline.endpointConfig });
  const config = darkConfig(
    endpoint,
    version,
    serving,
    submission.canonical,
    wanted.config,
    candidate.instanceCount,
    attempt,
  );
  refuseOther(release, candidate.endpointConfig, config.EndpointConfigName);
  return publishConfig(turn, { ...wanted, config });
};
