import { iso } from '../clock.ts';
import type { Look } from '../endpoint/look.ts';
import type { RegressionSpec } from '../manifest/regression.ts';
import type { Change, Plan } from '../operation.ts';
import { permissionsFor } from '../permissions.ts';
import type { RegisteredVersion } from '../registry/registered-version.ts';
import { foreseen } from '../regression/load/steps.ts';
import { rowsRepeated } from './ask-piece.ts';
import type { GoldenSet } from './golden-set.ts';
import type { Site } from './site.ts';
import type { Verdict } from './test-record.ts';
import type { Job } from './transform.ts';

export interface Planning {
  readonly registered: RegisteredVersion;
  readonly environment: string;
  readonly regression: RegressionSpec;
  readonly golden?: GoldenSet;
  readonly candidate: Site | undefined;
  readonly baseline: Site | undefined;
  /** At the environment's endpoint. */
  readonly look: Look | undefined;
  readonly attempt: number;
  /** The attempt was begun before. */
  readonly goesOn: boolean;
  /** Of batch transform. */
  readonly jobs: readonly Job[];
  /** Name and hardware of the temporary endpoint, where there is one. */
  readonly temporary?: {
    readonly is: 'model' | 'endpoint';
    readonly name: string;
    readonly hardware: string;
    readonly isInstance: boolean;
    readonly passesRole: boolean;
  };
  /** About the labels since the last test of the version that serves. */
  readonly labels: readonly string[];
  /** The last verdict about the same subject. */
  readonly before?: Verdict;
  /** Of the checks beside the rows. */
  readonly checks: readonly string[];
}

/** SageMaker takes some minutes to bring an endpoint up. */
const secondsToStart = 300;
/** A guess for the plan: half a second an answer, of which `concurrency` are under way at a time. */
const secondsAnswer = 0.5;

export const planOf = (planning: Planning): Plan => {
  const { registered, environment, regression, golden, candidate, baseline, attempt, temporary } = planning;
  const { asking } = regression;
  const rows = golden?.size ?? 0;
  const asked = [candidate, baseline].some((site) => site?.is === 'endpoint') || temporary?.is === 'endpoint';
  return {
    title: `test ${registered.tag} for ${environment}${baseline === undefined ? ', alone: nothing serves yet' : ` against ${baseline.name}`}`,
    changes: [
      ...(temporary === undefined ? [] : temporaryChanges(temporary)),
      ...planning.jobs.map(
        ({ name, site, model }): Change => ({
          verb: 'create',
          object: `batch transform job ${name}`,
          details: [`${site.instances} × ${site.instance}, model ${model}`],
        }),
      ),
      {
        verb: 'create',
        object: `verdict ${attempt} on ${registered.tag}`,
        details: [`counts for ${hours(asking.validForSeconds)}`],
      },
    ],
    notes: [
      ...(golden === undefined ? [] : [`golden set ${golden.file.name}: ${rows} rows`]),
      ...(candidate === undefined ? [] : [`candidate: ${candidate.name}`]),
      ...(baseline === undefined
        ? ['only floors and ceilings decide: there is no version to compare with']
        : [`baseline: ${baseline.name}`]),
      ...(baseline?.is === 'endpoint'
        ? [
            `${rows + Math.min(rows, rowsRepeated)} requests go to the endpoint that serves users, ${asking.concurrency} at a time; they count in its metrics, and its data capture records them`,
          ]
        : []),
      ...planning.checks,
      ...planning.labels,
      ...defaults(regression),
      ...(planning.look?.notes ?? []),
      ...(planning.goesOn ? [`attempt ${attempt} goes on where an earlier run left it`] : []),
      ...(planning.before === undefined
        ? []
        : [
            `attempt ${planning.before.attempt} ended with ${planning.before.verdict} at ${iso(planning.before.decidedAt)}`,
          ]),
    ],
    expectedSeconds:
      (temporary?.is === 'endpoint' || planning.jobs.length > 0 ? secondsToStart : 0) +
      (asked ? Math.ceil((rows * secondsAnswer) / asking.concurrency) : 0) +
      // How long it takes depends on the ratio of its rates only.
      (asking.load === undefined ? 0 : foreseen(asking.load).seconds) +
      30,
    peakInstances: instancesOf(planning),
    permissions: permissionsFor('regression-test', [
      ...(temporary === undefined ? [] : (['publishes'] as const)),
      ...(temporary?.is === 'endpoint' ? (['creates'] as const) : []),
      ...(planning.jobs.length > 0 ? (['transforms'] as const) : []),
      ...(asking.load === undefined ? [] : (['loads'] as const)),
      ...(temporary?.passesRole ? (['passes-role'] as const) : []),
    ]),
  };
};

const temporaryChanges = ({ is, name, hardware }: NonNullable<Planning['temporary']>): readonly Change[] =>
  is === 'model'
    ? [
        { verb: 'create', object: `temporary model ${name}`, details: [] },
        { verb: 'delete', object: `temporary model ${name}`, details: ['after the last answer'] },
      ]
    : [
        { verb: 'create', object: `temporary model, endpoint config and endpoint ${name}`, details: [hardware] },
        {
          verb: 'delete',
          object: `temporary endpoint, endpoint config and model ${name}`,
          details: ['after the last answer'],
        },
      ];

const instancesOf = ({ temporary, jobs }: Planning): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {};
  if (temporary?.is === 'endpoint' && temporary.isInstance) counts[temporary.hardware] = 1;
  for (const { site } of jobs) counts[site.instance] = (counts[site.instance] ?? 0) + site.instances;
  return counts;
};

const hours = (seconds: number): string => `${Number((seconds / 3600).toPrecision(3))} hours`;

const defaults = ({ rules }: RegressionSpec): readonly string[] => {
  const metrics = rules.filter(({ byDefault }) => byDefault).map(({ metric }) => metric.metric);
  return metrics.length === 0 ? [] : [`by the default margin: ${metrics.join(', ')}`];
};
