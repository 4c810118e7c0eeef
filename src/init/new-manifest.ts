import type { Written } from '../adopt/trial.ts';
import { usualNames } from '../manifest/versions.ts';
import { Entries, type Entry, yamlOf } from '../manifest/write.ts';
import { deployerOf, flowTitles, pageAt, restorerOf, type Setup, type Stage } from './setup.ts';

/** The hardware of an endpoint that does not exist yet. */
export interface NewEndpoint {
  readonly executionRole: string;
  readonly instanceType: string;
}

/** The manifest for endpoints that the first deliveries create. */
export const newManifest = (setup: Setup, made: NewEndpoint): string => {
  const { flow, model, staging, production } = setup;
  const endpoint = (stage: Stage, count: number): Written => ({
    name: stage.endpoint,
    'execution-role': made.executionRole,
    instance: { type: made.instanceType, count },
  });
  return yamlOf(
    [
      { key: 'version', value: 1 },
      { key: 'model', value: model, comments: ['The model package group. The first registration creates it.'] },
      ...versionsEntries(setup),
      {
        key: 'environments',
        value: new Entries([
          ...environmentsBefore(setup, endpoint(production, 1)),
          environmentEntry(setup, production, {
            endpoint: endpoint(production, 2),
            after: staging.name,
            rollout: productionRollout,
          }),
        ]),
      },
    ],
    [
      `Written by \`model-delivery init\` for ${flowTitles[flow]}. The first delivery to an environment creates its endpoint; \`model-delivery lint\` checks this file; all keys: ${pageAt(setup, 'docs/manifest.md')}`,
    ],
  );
};

/**
 * The branches that have other names than `version: next` expects: commits of a branch that it does not know get `1.4.0-dev.<commit>`. With GitHub
 * Flow no branch is one of development.
 */
export const versionsEntries = ({
  flow,
  branches: { main, develop },
}: Pick<Setup, 'flow' | 'branches'>): readonly Entry[] => {
  const named =
    flow === 'gitflow' ? { main, develop } : { main, ...(main === usualNames.develop && { develop: usualNames.main }) };
  const unusual = Object.entries(named).filter(([branch, name]) => name !== usualNames[branch as keyof typeof named]);
  if (unusual.length === 0) return [];
  return [
    {
      key: 'versions',
      value: Object.fromEntries(unusual),
      comments: ['The branches whose commits get the next version; the workflows name the same ones.'],
    },
  ];
};

const productionRollout: readonly Entry[] = [
  { key: 'strategy', value: 'canary' },
  {
    key: 'size',
    value: '1 instance',
    comments: ['One of the two instances takes requests first, and the rest when the bake has passed.'],
  },
  { key: 'bake', value: '10m' },
  {
    key: 'final-bake',
    value: '10m',
    comments: ['The old fleet stands by for so long, and takes the traffic back.'],
  },
  {
    key: 'minimum-requests',
    value: 100,
    comments: ['A bake with fewer requests proves nothing: the delivery ends inconclusive, and goes back.'],
  },
  {
    key: 'alarms',
    value: { errors: '1%' },
    comments: [
      "Share of the new version's requests that may fail (5xx). `latency-p99` and alarms of your own go here, too.",
    ],
  },
];

/** Of production alone: other environments have no callers. */
const ofProduction = [
  'replaces-kind',
  'autoscaling',
  'managed-instance-scaling',
  'capacity-reservation',
  'data-capture',
];

/**
 * The environments before production, each with one instance of production's endpoint.
 * @param releases the place of the release records, unless it is the default
 */
export const environmentsBefore = (
  setup: Pick<Setup, 'account' | 'dev' | 'staging'>,
  production: Written,
  releases?: string,
): readonly Entry[] =>
  [...(setup.dev === undefined ? [] : [setup.dev]), setup.staging].map((stage) => {
    const kept = Object.entries(production).filter(([key]) => !ofProduction.includes(key));
    const { instance, ...rest } = Object.fromEntries(kept);
    const endpoint = {
      ...rest,
      name: stage.endpoint,
      ...(instance === undefined ? {} : { instance: { ...(instance as object), count: 1 } }),
    };
    // SageMaker watches no alarm and no bake of an endpoint without instances.
    const bake = instance === undefined ? '0s' : '5m';
    const rollout = [
      { key: 'strategy', value: 'all-at-once' },
      { key: 'final-bake', value: bake },
      {
        key: 'minimum-requests',
        value: 0,
        comments: [`No caller sends requests to ${stage.name}, so its bake needs none.`],
      },
    ];
    return environmentEntry(setup, stage, { endpoint, rollout, releases });
  });

interface Parts {
  readonly endpoint: Written;
  readonly rollout: readonly Entry[];
  readonly after?: string;
  readonly releases?: string | undefined;
}

const environmentEntry = (
  { account }: Pick<Setup, 'account'>,
  stage: Stage,
  { endpoint, rollout, after, releases }: Parts,
): Entry => ({
  key: stage.name,
  value: new Entries([
    { key: 'account', value: account.id },
    { key: 'region', value: account.region },
    {
      key: 'role',
      value: deployerOf(stage),
      comments: [`Jobs of the GitHub environment \`${stage.name}\` assume it.`],
    },
    { key: 'rollback-role', value: restorerOf(stage) },
    ...(after === undefined
      ? []
      : [
          { key: 'after', value: after, comments: [`A version that has not served well in ${after} is refused here.`] },
        ]),
    ...(releases === undefined ? [] : [{ key: 'releases', value: releases }]),
    { key: 'endpoint', value: new Entries(Object.entries(endpoint).map(([key, value]) => ({ key, value }))) },
    { key: 'rollout', value: new Entries(rollout) },
  ]),
});
