import type { TaskDefinition } from '../../aws/ecs.ts';
import { orUndefined } from '../../aws/errors.ts';
import { AnswerLost } from '../../aws/retry.ts';
import type { EcsService } from '../../manifest/manifest.ts';
import { Refusal } from '../../operation.ts';
import type { RegisteredVersion } from '../../registry/registered-version.ts';
import type { ServiceDeployment } from '../../release/record.ts';
import { type World, writesOf } from '../../world.ts';
import type { Turn, TurnResult } from '../turn.ts';
import { configOfRevision } from './service.ts';
import { isSame, withContent } from './task-definition.ts';

/** A revision with its tags, which RegisterTaskDefinition takes beside the settings. */
interface Described {
  readonly revision: TaskDefinition;
  readonly tags: readonly object[];
}

/** @throws {Refusal} `config-missing` for one that does not exist */
export const requireRevision = async (world: World, family: string, number: string): Promise<Described> => {
  const found = await orUndefined(world.read.ecs.describeTaskDefinition({ taskDefinition: `${family}:${number}` }));
  if (found?.taskDefinition !== undefined) return { revision: found.taskDefinition, tags: found.tags ?? [] };
  throw new Refusal('config-missing', `the task definition ${family}:${number} does not exist`);
};

/**
 * The family's latest revision, where it has these settings. A run whose answer was lost finds its own registration by that, as ECS has no
 * token for one; and a version that was registered before gets no second revision.
 */
export const registeredAs = async (
  world: World,
  family: string,
  settings: TaskDefinition,
): Promise<string | undefined> => {
  const latest = (await orUndefined(world.read.ecs.describeTaskDefinition({ taskDefinition: family })))?.taskDefinition;
  return latest?.status === 'ACTIVE' && isSame(latest, settings) ? String(latest.revision) : undefined;
};

/** The container behind the load balancer, as the record's AppSpec has it. */
export const behindOf = ({ properties }: Pick<ServiceDeployment, 'properties'>): string | undefined => {
  const balancer = properties['LoadBalancerInfo'];
  const name =
    balancer !== null && typeof balancer === 'object' && 'ContainerName' in balancer && balancer.ContainerName;
  return typeof name === 'string' ? name : undefined;
};

/** Registers the revision of a delivery, and writes its number into the record. */
export const registerRevision = async (
  turn: Turn,
  service: EcsService,
  registered: RegisteredVersion,
  submission: ServiceDeployment,
): Promise<TurnResult> => {
  const { world, release } = turn;
  const family = service.taskDefinition;
  const { revision: base, tags } = await requireRevision(world, family, submission.from);
  const settings = withContent(base, service, behindOf(submission), registered);
  const before = await registeredAs(world, family, settings);
  const number = before ?? (await register(world, { ...settings, ...(tags.length === 0 ? {} : { tags }) }));
  if (number === undefined)
    return {
      because: `the answer to the registration of ${family} was lost; looking for the revision`,
      percent: 8,
      notBefore: turn.nextPoll(),
    };
  const name = configOfRevision(number);
  await turn.save({
    submission: { ...submission, to: number },
    candidate: { ...release.candidate, endpointConfig: name, model: name },
  });
  return { because: `${before === undefined ? 'registered' : 'found'} ${family}:${number}`, percent: 9 };
};

/** @returns undefined when the answer was lost */
const register = async (world: World, settings: TaskDefinition): Promise<string | undefined> => {
  try {
    const { taskDefinition } = await writesOf(world).ecs.registerTaskDefinition(settings);
    return taskDefinition?.revision === undefined ? undefined : String(taskDefinition.revision);
  } catch (error) {
    if (error instanceof AnswerLost) return undefined;
    throw error;
  }
};

/**
 * Rule 2: the revision that gets the traffic has the content of the approved package. A revision never changes afterwards.
 * @throws {Refusal} `config-missing`, `endpoint-unusable`, `content-changed`
 */
export const requireRevisionOf = async (
  world: World,
  service: EcsService,
  submission: Pick<ServiceDeployment, 'properties' | 'to'>,
  registered: RegisteredVersion,
): Promise<TaskDefinition> => {
  const { taskDefinition: family } = service;
  const { revision } = await requireRevision(world, family, submission.to ?? '');
  const name = `${family}:${submission.to}`;
  // ECS starts no task of it any more (developer guide, "Deregistering a task definition revision").
  if (revision.status !== 'ACTIVE')
    throw new Refusal(
      'endpoint-unusable',
      `the task definition ${name} is ${revision.status}: deliver the version again`,
    );
  if (isSame(revision, withContent(revision, service, behindOf(submission), registered))) return revision;
  throw new Refusal(
    'content-changed',
    `the task definition ${name} does not run ${registered.tag}: its image, its model data or a variable is another`,
  );
};
