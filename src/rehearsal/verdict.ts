import type { Outcome } from '../outcome.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { broken, type EndFacts, relationsOf } from './relations.ts';
import type { Expected } from './scenarios/scenario.ts';
import type { ReportedRelease } from './stage.ts';

/** One line of `rehearse --json`. */
export interface ScenarioVerdict {
  readonly name: string;
  readonly outcome: string;
  readonly reasonCode: string;
  /** Null under a flipped setting: then other reasons may be right, and the scenario's further requirements are not judged. */
  readonly expected: Expected | null;
  /** The config in DescribeEndpoint at the end of the run; null when there is no endpoint. */
  readonly endpointConfig: string | null;
  /** From the start of the judged workflow run to its end. */
  readonly virtualSeconds: number;
  /** Of the whole scenario. */
  readonly wallMs: number;
  /** Of the judged workflow run; earlier runs are not counted. */
  readonly requests: number;
  readonly mutations: number;
  /** The required state of DescribeEndpoint after such an end. */
  readonly relations: readonly string[];
  /** Empty when all expectations hold. */
  readonly problems: readonly string[];
}

export interface ScenarioSubject {
  readonly name: string;
  readonly expected?: Expected;
  /** In place of `expected`: the allowed outcomes. */
  readonly outcomes?: readonly Outcome[];
}

/** The observations of a release, and the expectations that failed. */
export interface Observed {
  readonly release: ReportedRelease;
  readonly later?: EndFacts['later'];
  readonly unmet: readonly string[];
  readonly wallMs: number;
}

export const scenarioVerdict = (
  { name, expected, outcomes = [] }: ScenarioSubject,
  { release, later, unmet, wallMs }: Observed,
): ScenarioVerdict => {
  const { ending } = release;
  if (!ending) throw new Error(`${name}: the release was not ended`);
  const mutations = ending.requests.filter(({ mutation }) => mutation).length;
  const delivered = ending.result?.outputs['version'];
  const evidence = {
    before: release.before,
    after: ending.after,
    // A configuration that others made has no version; the scenario knows its artifact.
    version: !delivered || delivered === release.label ? release.version : delivered,
    candidateConfig: ending.candidateConfig,
    mutations,
    ...withoutUndefined({ later }),
  };
  const isExpected = expected
    ? ending.outcome === expected.outcome && ending.reason === expected.reasonCode
    : outcomes.includes(ending.outcome);
  const isDefect = ending.reason === 'internal-error';
  const wanted = expected ? `${expected.outcome}/${expected.reasonCode}` : outcomes.join(' or ');
  const unexpected =
    isExpected && !isDefect ? [] : [`ended ${ending.outcome}/${ending.reason} instead of ${wanted}: ${ending.because}`];
  const relations = relationsOf(ending.outcome, ending.reason);
  return {
    name,
    outcome: ending.outcome,
    reasonCode: ending.reason,
    expected: expected ?? null,
    endpointConfig: ending.after?.endpointConfig ?? null,
    virtualSeconds: Math.round((ending.moment.at - release.began.at) / 1000),
    wallMs: Math.round(wallMs),
    requests: ending.requests.length,
    mutations,
    relations: relations.map(({ sentence }) => sentence),
    problems: [
      ...unexpected,
      ...broken(ending.outcome, ending.reason, evidence),
      ...(expected ? unmet.map((saying) => `not so: ${saying}`) : []),
    ],
  };
};

/** A scenario that broke off: a defect of the suite or of the simulator, never an expected end. */
export const unplayed = ({ name, expected }: ScenarioSubject, error: unknown, wallMs: number): ScenarioVerdict => ({
  name,
  outcome: 'failed',
  reasonCode: 'internal-error',
  expected: expected ?? null,
  endpointConfig: null,
  virtualSeconds: 0,
  wallMs: Math.round(wallMs),
  requests: 0,
  mutations: 0,
  relations: [],
  problems: [`broke off: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`],
});
