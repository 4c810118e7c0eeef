import type { ContainerDefinition, TaskDefinition } from '../../aws/ecs.ts';
import { canonical } from '../../digest.ts';
import type { EcsService } from '../../manifest/manifest.ts';
import { Refusal } from '../../operation.ts';
import { dataSourcesOf } from '../../registry/container.ts';
import type { RegisteredVersion } from '../../registry/registered-version.ts';
import { changed, valueLine, variableLine } from './settings.ts';

/** Members that describe a revision and are no settings of it: RegisterTaskDefinition has none of them (API: TaskDefinition). */
const facts: ReadonlySet<string> = new Set([
  'taskDefinitionArn',
  'revision',
  'status',
  'requiresAttributes',
  'compatibilities',
  'registeredAt',
  'registeredBy',
  'deregisteredAt',
  'deleteRequestedAt',
]);

/** The settings of a revision, in the members of RegisterTaskDefinition. */
export const settingsOf = (revision: TaskDefinition): TaskDefinition =>
  Object.fromEntries(Object.entries(revision).filter(([name]) => !facts.has(name)));

/** ECS may answer with the variables in another order than they came in. */
export const isSame = (one: TaskDefinition, other: TaskDefinition): boolean => comparable(one) === comparable(other);
const comparable = (revision: TaskDefinition): string => {
  const { containerDefinitions = [], ...settings } = settingsOf(revision);
  return canonical({
    ...settings,
    containers: containerDefinitions.map(({ environment = [], ...rest }) => ({
      ...rest,
      environment: [...environment].sort((a, b) => ((a.name ?? '') < (b.name ?? '') ? -1 : 1)),
    })),
  });
};

type Content = Pick<RegisteredVersion, 'tag' | 'containers' | 'imageDigest'>;
/** The container with the model. */
type Holder = Pick<EcsService, 'container' | 'modelDataVariable'>;

/**
 * The settings of a revision with the content of a package: in the container with the model the image by its digest, the address of the model
 * data, and the package's variables. Everything else stays as it is (rule 17).
 * @param behind the container behind the load balancer
 * @throws {Refusal} `endpoint-unusable`, `config-missing`, `content-changed`
 */
export const withContent = (
  base: TaskDefinition,
  service: Holder,
  behind: string | undefined,
  registered: Content,
): TaskDefinition => {
  const name = service.container ?? behind;
  const all = base.containerDefinitions ?? [];
  const found = all.find((one) => one.name === name);
  if (found === undefined)
    throw new Refusal(
      'endpoint-unusable',
      `the task definition ${base.family}:${base.revision} has no container ${name ?? 'behind the load balancer'}; it has ${all.map((one) => one.name).join(', ')}`,
    );
  const { image, variables, without } = contentOf(service, registered);
  const secret = found.secrets?.find((one) => variables.has(one.name ?? ''));
  if (secret !== undefined)
    throw new Refusal(
      'endpoint-unusable',
      `${secret.name} is a secret of the container ${name}, and a variable of ${registered.tag}: ECS takes one of them`,
    );
  const kept = (found.environment ?? []).filter((one) => !variables.has(one.name ?? '') && one.name !== without);
  const environment = [...kept, ...[...variables].map(([key, value]) => ({ name: key, value }))];
  return {
    ...settingsOf(base),
    containerDefinitions: all.map((one) => (one === found ? { ...one, image, environment } : one)),
  };
};

/** What a package says about the container that runs it. */
const contentOf = (service: Holder, { tag, containers, imageDigest }: Content) => {
  const [container, ...others] = containers;
  if (container === undefined || others.length > 0)
    throw new Refusal(
      'endpoint-unusable',
      `${tag} has ${containers.length} containers, and one container of the task runs the model`,
    );
  if (imageDigest === undefined || container.Image === undefined)
    throw new Refusal(
      'content-changed',
      `the image of ${tag} is not pinned to a digest, so a task could run another one; register it again, pinned`,
    );
  const [data, ...more] = dataSourcesOf(container);
  if (more.length > 0)
    throw new Refusal('endpoint-unusable', `${tag} has more than one place of model data, and a task has one variable`);
  const { modelDataVariable: variable } = service;
  if (data !== undefined && variable === undefined)
    throw new Refusal(
      'config-missing',
      `${tag} has model data, and the manifest names no variable for its address: add model-data-variable to \`service\``,
    );
  const repository = container.Image.split('@')[0]?.replace(/:[^:/]+$/, '') ?? '';
  return {
    image: `${repository}@${imageDigest}`,
    variables: new Map<string, string>([
      ...Object.entries(container.Environment ?? {}),
      ...(data === undefined || variable === undefined ? [] : [[variable, data.uri] as const]),
    ]),
    // The address of another package's data.
    without: data === undefined ? variable : undefined,
  };
};

/** Rule 17: each setting that is added, changed or removed is a line. A variable is a line without its value, which may be a secret (rule 16). */
export const definitionChanges = (before: TaskDefinition, after: TaskDefinition): readonly string[] => {
  const { containerDefinitions: were = [], ...old } = settingsOf(before);
  const { containerDefinitions: are = [], ...now } = settingsOf(after);
  const names = [...new Set([...were, ...are].map(({ name = '' }) => name))];
  const lines = names.flatMap((name) => {
    const [was, is] = [were.find((one) => one.name === name), are.find((one) => one.name === name)];
    if (was === undefined || is === undefined) return [`container ${name}: ${was === undefined ? 'added' : 'removed'}`];
    return containerChanges(was, is).map((line) => (names.length === 1 ? line : `container ${name}: ${line}`));
  });
  return [...lines, ...changed(old, now).map(valueLine)];
};

const containerChanges = (was: ContainerDefinition, is: ContainerDefinition): readonly string[] => {
  const { environment: before, ...old } = was;
  const { environment: after, ...now } = is;
  return [...changed(old, now).map(valueLine), ...changed(variablesOf(before), variablesOf(after)).map(variableLine)];
};

const variablesOf = (environment: ContainerDefinition['environment'] = []): Readonly<Record<string, string>> =>
  Object.fromEntries(environment.map(({ name = '', value = '' }) => [name, value]));
