import { classify, orUndefined } from '../aws/errors.ts';
import { seconds } from '../clock.ts';
import { type Desired, sameAs } from '../endpoint/desired.ts';
import { darkConfig } from '../endpoint/variants.ts';
import { Refusal } from '../operation.ts';
import type { Release } from '../release/record.ts';
import { type World, writesOf } from '../world.ts';
import type { Turn, TurnResult } from './turn.ts';

/**
 * Names are content-addressed, so what the record froze and what this run makes of the manifest must be the same names (rule 21): the
 * submission is of the record's.
 */
export const namedAsFrozen = ({ release }: Turn, { model, config }: Desired): undefined => {
  const { candidate } = release;
  refuseOther(release, candidate.model, model.ModelName);
  refuseOther(release, candidate.beside?.candidate ?? candidate.endpointConfig, config.EndpointConfigName);
};

const refuseOther = ({ id, version }: Release, frozen: string, made: string): void => {
  if (frozen === made) return;
  throw new Refusal(
    'plan-changed',
    `the release record has ${frozen} for ${id}, and this run makes ${made} of ${version}: another version of this suite began it, or the record was changed by others; nothing was submitted`,
  );
};

/**
 * Creates the model unless it exists. Names are content-addressed, so an existing one is the one we want unless somebody made
 * another under its name (rule 8); "already exists" after a lost answer is looked at again in the next turn.
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

/** Just created, and reads do not show it yet (AWS: CreateEndpointConfig, eventual consistency): looked for again, not at once. */
const unseen = (world: World, name: string, percent: number): TurnResult => ({
  because: `${name} exists and cannot be read yet`,
  percent,
  notBefore: world.clock.now() + seconds(5),
});

const taken = (kind: string, name: string): never => {
  throw new Refusal(
    'name-taken',
    `${kind} ${name} exists with other content than its name stands for: delete it if nothing uses it`,
  );
};

/** As `publishConfig`, for the config that puts a dark candidate beside what serves. */
export const publishDark = async (turn: Turn, wanted: Desired): Promise<TurnResult | undefined> => {
  const { world, endpoint, release } = turn;
  const { baseline, candidate, submission, version, attempt } = release;
  if (baseline === undefined || submission.canonical === undefined)
    throw new Error(`release ${release.id} has nothing to stand beside`);
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
