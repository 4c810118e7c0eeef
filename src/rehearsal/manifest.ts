import type { FixtureModel } from '../../simulator/fixtures/fixtures.ts';

/** The rehearsed team's delivery: one model, one production endpoint of four instances. */
export const rehearsedTeam = {
  model: 'iris',
  environment: 'production',
  endpoint: 'iris',
  variant: 'AllTraffic',
  account: '111122223333',
  region: 'eu-west-1',
  image: '111122223333.dkr.ecr.eu-west-1.amazonaws.com/iris-serving:1',
  imageDigest: `sha256:${'5e'.repeat(32)}`,
  bucket: 'ml-artifacts',
  requestsPerSecond: 8,
} as const;

/** The image that serves a model; the endpoint and the package group have the model's name. */
export const imageOf = (model: FixtureModel): string => rehearsedTeam.image.replace(rehearsedTeam.model, model);

const questions =
  'convict: { worse-than: 1.2x, false-rollback: 0.01 }, healthy: { excess-below: 0.5%, confidence: 0.95 }';
const judge = `judge: { ${questions} }`;

export const rollouts = {
  canary: 'strategy: canary, size: 25%, bake: 10m, final-bake: 5m',
  linear: 'strategy: linear, step: 25%, bake: 5m, final-bake: 5m',
  allAtOnce: 'strategy: all-at-once, final-bake: 10m',
  rolling: 'strategy: rolling, batch: 50%, bake: 6m, rollback-batch: 50%',
  unguarded: 'strategy: all-at-once, final-bake: 0s',
  judgedCanary: `strategy: canary, size: 25%, bake: 10m, final-bake: 5m, ${judge}`,
  judgedAlias: `strategy: canary, size: 10%, bake: 10m, final-bake: 0s, ${judge}`,
  steps: `strategy: steps, steps: [10, 50, 100], bake: 5m, ${judge}`,
} as const;

/** Steps under a judge that also compares the team's own metrics. @param metrics YAML, on one line each */
export const stepsWithMetrics = (...metrics: readonly string[]): string =>
  `strategy: steps, steps: [10, 50, 100], bake: 5m, max-step: 1h, judge: { ${questions}, metrics: [${metrics.join(', ')}] }`;

export interface ManifestOptions {
  /** Default: iris. */
  readonly model?: FixtureModel;
  readonly rollout?: string;
  /** The release's own alarms; steps have none by default. */
  readonly alarms?: string;
  /** Names of the team's own alarms that also apply to a rollout. */
  readonly namedAlarms?: readonly string[];
  /** The endpoint runs under this name from now on. */
  readonly name?: string;
  /** The alias `live` of the function with the endpoint's name, in place of the endpoint. */
  readonly lambda?: true;
  /** Lifecycle hooks of the alias; YAML on one line. */
  readonly hooks?: string;
  /** The service with the endpoint's name in the cluster `models`, in place of the endpoint. */
  readonly service?: true;
  /** The endpoint's settings; YAML on one line each. */
  readonly endpoint?: readonly string[];
  /** Further keys of the environment; YAML on one line each. */
  readonly environment?: readonly string[];
  /** No supervision: no alarm, no minimum of requests. */
  readonly unwatched?: boolean;
  /** The section `regression`: its keys, as YAML. */
  readonly regression?: string;
  /** The section `smoke`, likewise. */
  readonly smoke?: string;
  /** The section `approval`, likewise. */
  readonly approval?: string;
}

/** The rollout on one line: `strategy: canary, size: 25%, …`. */
export const rolloutText = ({
  rollout = rollouts.canary,
  alarms,
  namedAlarms = [],
  unwatched,
}: ManifestOptions = {}): string => {
  if (unwatched) return `${rollout}, minimum-requests: 0`;
  const steps = rollout.startsWith('strategy: steps');
  const own = alarms ?? (steps ? '' : 'errors: 1%');
  const named = namedAlarms.length > 0 ? `named: [${namedAlarms.join(', ')}]` : '';
  const watched = [own, named].filter((part) => part !== '').join(', ');
  return `${rollout}, minimum-requests: ${steps ? 600 : 300}${watched === '' ? '' : `, alarms: { ${watched} }`}`;
};

const fleet = ['instance: { type: ml.m5.large, count: 4 }'];

/** The team's `delivery.yml`. */
export const manifestText = (options: ManifestOptions = {}): string => `\
version: 1
model: ${options.model ?? rehearsedTeam.model}
environments:
  ${rehearsedTeam.environment}:
    account: "${rehearsedTeam.account}"
    region: ${rehearsedTeam.region}
    role: model-deployer
    rollback-role: model-restorer
${(options.environment ?? []).map((line) => `    ${line}\n`).join('')}${servesBy(options)}
    rollout: { ${rolloutText(options)} }
${section('regression', options.regression)}${section('smoke', options.smoke)}${section('approval', options.approval)}`;

const servesBy = ({ name, model, lambda, hooks, service, endpoint = fleet }: ManifestOptions): string => {
  const named = name ?? model ?? rehearsedTeam.endpoint;
  if (lambda)
    return `    target: lambda-alias\n    lambda: { function: ${named}, alias: live, application: ${named}, deployment-group: live${hooks === undefined ? '' : `, hooks: ${hooks}`} }`;
  if (service)
    return `    target: ecs-service\n    service: { cluster: models, name: ${named}, task-definition: ${named}, application: ${named}, deployment-group: live }`;
  return `    endpoint:
      name: ${named}
      execution-role: iris-serving
${endpoint.map((line) => `      ${line}`).join('\n')}`;
};

const section = (name: string, keys: string | undefined): string =>
  keys === undefined ? '' : `${name}:\n${keys.replace(/^(?=.)/gm, '  ')}`;
