import { broken, relationsOf } from './relations.ts';
import type { Expected, Scenario } from './scenarios/scenario.ts';
import type { Release } from './stage.ts';

/** One line of `rehearse --json`. */
export interface Verdict {
  readonly name: string;
  readonly outcome: string;
  readonly reasonCode: string;
  readonly expected: Expected;
  /** What DescribeEndpoint names when the run has ended; null when there is no endpoint. */
  readonly endpointConfig: string | null;
  /** From the start of the judged workflow run to its end. */
  readonly virtualSeconds: number;
  /** Of the whole scenario. */
  readonly wallMs: number;
  /** Of the judged workflow run; what led up to it is not counted. */
  readonly requests: number;
  readonly mutations: number;
  /** What DescribeEndpoint must show after such an end. */
  readonly relations: readonly string[];
  /** Empty when everything is as expected. */
  readonly problems: readonly string[];
}

export const verdictOf = (
  name: string,
  expected: Expected,
  release: Release,
  unmet: readonly string[],
  wallMs: number,
): Verdict => {
  const { ending } = release;
  if (!ending) throw new Error(`${name}: the release was not ended`);
  const mutations = ending.requests.filter(({ mutation }) => mutation).length;
  const evidence = {
    before: release.before,
    after: ending.after,
    version: ending.result?.outputs['version'] ?? release.version,
    candidateConfig: ending.candidateConfig,
    mutations,
  };
  const unexpected =
    ending.outcome === expected.outcome && ending.reason === expected.reasonCode
      ? []
      : [
          `ended ${ending.outcome}/${ending.reason} instead of ${expected.outcome}/${expected.reasonCode}: ${ending.because}`,
        ];
  const relations = relationsOf(ending.outcome, ending.reason);
  return {
    name,
    outcome: ending.outcome,
    reasonCode: ending.reason,
    expected,
    endpointConfig: ending.after?.endpointConfig ?? null,
    virtualSeconds: Math.round((ending.moment.at - release.began.at) / 1000),
    wallMs: Math.round(wallMs),
    requests: ending.requests.length,
    mutations,
    relations: relations.map(({ says }) => says),
    problems: [
      ...unexpected,
      ...broken(ending.outcome, ending.reason, evidence).map(({ says }) => `DescribeEndpoint does not show: ${says}`),
      ...unmet.map((saying) => `not so: ${saying}`),
    ],
  };
};

/** A scenario that broke off: a defect of the suite or of the simulator, never an expected end. */
export const unplayed = ({ name, expected }: Scenario, error: unknown, wallMs: number): Verdict => ({
  name,
  outcome: 'failed',
  reasonCode: 'internal-error',
  expected,
  endpointConfig: null,
  virtualSeconds: 0,
  wallMs: Math.round(wallMs),
  requests: 0,
  mutations: 0,
  relations: [],
  problems: [`broke off: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`],
});
