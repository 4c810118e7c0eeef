import { kinds } from '../endpoint/kind.ts';
import type { EndpointSpec, Rollout } from '../manifest/manifest.ts';
import type { Entry } from '../manifest/write.ts';
import { Entries } from '../manifest/write.ts';
import { compile, type Guardrail } from '../rollout/compile.ts';
import type { Found } from './found.ts';

/** A default rollout for an endpoint, as its author would write it. */
export interface WrittenRollout {
  readonly entries: readonly Entry[];
  /** Of the guardrails; absent where SageMaker has none. */
  readonly guarded?: {
    readonly bakeSeconds: number;
    /** Requests per second to the new version in the smallest step. */
    readonly rate: number;
  };
}

const bakeSeconds = 600;
const errors = 0.01;

/** The strategies to choose from, the most careful one first. */
const candidates = (count: number): readonly Rollout[] => [
  {
    strategy: 'canary',
    size: count >= 4 ? { unit: 'percent', value: 25 } : { unit: 'instances', value: 1 },
    bakeSeconds,
    finalBakeSeconds: bakeSeconds,
    minimumRequests: 0,
    alarms: { errors, named: [] },
  },
  { strategy: 'all-at-once', finalBakeSeconds: bakeSeconds, minimumRequests: 0, alarms: { errors, named: [] } },
];

/** The first strategy that SageMaker carries out on this endpoint, with a minimum of requests that its usual traffic reaches. */
export const writtenRollout = ({ kind, rate, look }: Found, spec: EndpointSpec): WrittenRollout => {
  const count = look.live.variants[0]?.desired || spec.instance?.count || 1;
  const fleet =
    spec.instance === undefined
      ? ({ serverless: true } as const)
      : ({ serverless: false, instanceType: spec.instance.type } as const);
  for (const rollout of candidates(count)) {
    const compiled = compile(rollout, {
      exists: true,
      instanceCount: count,
      fleet,
      replaced: fleet,
      startSeconds: 300,
    });
    if (compiled.is === 'feasible' && compiled.path.mechanism === 'guardrail')
      return watched(rollout, compiled.path, rate, kinds[kind].judged);
  }
  return {
    entries: [
      {
        key: 'strategy',
        value: 'all-at-once',
        comments: [
          'SageMaker has no deployment guardrails for this hardware: all requests move at once, and no alarm watches.',
        ],
      },
      { key: 'final-bake', value: '0s' },
      { key: 'minimum-requests', value: 0 },
    ],
  };
};

const watched = (rollout: Rollout, path: Guardrail, rate: number, judged: boolean): WrittenRollout => {
  const least = Math.min(...path.stages.map(({ share }) => share));
  const expected = Math.floor(Math.min(...path.stages.map(({ share, bakeSeconds: bake }) => rate * share * bake)));
  const minimum = rounded(expected / 2);
  const perSecond = Math.round(rate * 100) / 100;
  return {
    guarded: { bakeSeconds, rate: rate * least },
    entries: [
      ...(rollout.strategy === 'canary'
        ? [
            {
              key: 'strategy',
              value: 'canary',
              comments: ['A part of the fleet first, and the rest when the alarms have watched it for the bake.'],
            },
            { key: 'size', value: rollout.size.unit === 'percent' ? `${rollout.size.value}%` : '1 instance' },
            { key: 'bake', value: '10m' },
          ]
        : [
            {
              key: 'strategy',
              value: 'all-at-once',
              comments: [
                'One instance cannot be divided: all requests move at once, and the alarms watch the final bake.',
              ],
            },
          ]),
      {
        key: 'final-bake',
        value: '10m',
        comments: ['The old fleet stands by for so long, and takes the traffic back.'],
      },
      {
        key: 'minimum-requests',
        value: minimum,
        comments: [
          minimum === 0
            ? 'CloudWatch shows too little traffic in the last hour: a bake passes without a request. Raise it once requests come in.'
            : `Half of what the smallest bake sees: about ${perSecond} requests per second in the last hour are about ${expected} for the new version.`,
        ],
      },
      ...(judged && minimum > 0
        ? [
            {
              key: 'judge',
              value: {
                convict: { 'worse-than': '1.2x', 'false-rollback': 0.01 },
                healthy: { 'excess-below': '0.5%', confidence: 0.95 },
              },
              comments: ['The judge compares both fleets during the bakes, and takes a version back that is worse.'],
            },
          ]
        : []),
    ],
  };
};

/** Two digits: a measured rate is no more precise. */
const rounded = (value: number): number => {
  const whole = Math.floor(value);
  const unit = 10 ** Math.max(0, String(whole).length - 2);
  return Math.floor(whole / unit) * unit;
};

/** `alarms` of a rollout under guardrails. */
export const alarmsEntry = (named: readonly string[], remarks: readonly string[]): Entry => ({
  key: 'alarms',
  value: new Entries([
    {
      key: 'errors',
      value: '1%',
      comments: ["Share of the new version's requests that may fail (5xx). Adjust it to what is usual here."],
    },
    ...(named.length > 0
      ? [{ key: 'named', value: named, comments: ['These alarms watch this endpoint, and also roll back.'] }]
      : []),
  ]),
  comments: remarks,
});
