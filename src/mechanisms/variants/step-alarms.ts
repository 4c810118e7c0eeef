import { describe, isRefused } from '../../aws/errors.ts';
import { plural } from '../../judge/amounts.ts';
import type { Rollout } from '../../manifest/manifest.ts';
import { type AlarmSpec, candidateAlarms } from '../../metrics/alarms.ts';
import { refuseUnfitAlarms } from '../../metrics/fitness.ts';
import type { Release, Stepping } from '../../release/record.ts';
import type { StepVerdict } from '../../rollout/event.ts';
import type { World } from '../../world.ts';
import { putAlarms, statesOf, wereRed } from '../release-alarms.ts';
import type { Turn, TurnResult } from '../turn.ts';
import type { Steps } from './steps.ts';

/** The alarms that a stepped rollout creates for itself, on the candidate's variant alone. */
export const stepAlarms = (
  endpoint: string,
  variant: string,
  published: string,
  rollout: Steps,
): readonly AlarmSpec[] => candidateAlarms({ endpoint, variant }, published, rollout);

/** The step alarms of a live release. */
export const releaseAlarmsOfSteps = (
  { endpoint, release }: Pick<Turn, 'endpoint' | 'release'>,
  rollout: Rollout | undefined,
): readonly AlarmSpec[] =>
  release.stepping && rollout?.strategy === 'steps'
    ? stepAlarms(endpoint, release.stepping.candidateVariant, release.candidate.endpointConfig, rollout)
    : [];

/**
 * Rule 6, before anything moves: every alarm can go off within a step's bake, every named alarm exists, sees the candidate, and is not red.
 * @param rate requests per second of the endpoint
 * @returns warnings, one sentence each
 * @throws {Refusal} `alarm-cannot-fire`, `alarm-not-ready`
 */
export const refuseUnfitSteps = (
  world: World,
  endpoint: string,
  variant: string,
  rollout: Steps,
  specs: readonly AlarmSpec[],
  rate: number,
): Promise<readonly string[]> =>
  refuseUnfitAlarms(world, specs, rollout.alarms.named, rollout.bakeSeconds, {
    endpoint,
    variant,
    candidateRequestsPerSecond: rate * Math.min(...rollout.steps),
  });

/** The states of a candidate's alarms at one look. */
export interface AlarmReading {
  /** In ALARM now, or since the first raise and OK again: one sentence. */
  readonly red?: string;
  readonly names: readonly string[];
  /** Deleted. */
  readonly gone: readonly string[];
  /** Not known to be OK: one sentence. Unknown is never healthy. */
  readonly unknown?: string;
  readonly unreadable?: true;
}

const quiet: AlarmReading = { names: [], gone: [] };

/** Empty in a rollout without alarms, and once the traffic goes back. */
export const readAlarms = async (
  { world, remark }: Turn,
  { alarms = [], moves, state }: Stepping,
): Promise<AlarmReading> => {
  if (state.is === 'returning') return quiet;
  const exposedSince = moves[0]?.from;
  try {
    const { red, gone, undecided, changed } = await statesOf(world, alarms, exposedSince);
    // A run that was away may have missed an alarm that is OK again.
    const were = exposedSince === undefined || changed.length === 0 ? [] : await wereRed(world, changed, exposedSince);
    const names = [...new Set([...red, ...were])];
    const unknown = [
      ...undecided.map((name) => `${name} is INSUFFICIENT_DATA`),
      ...gone.map((name) => `${name} does not exist any more`),
    ];
    return {
      names,
      gone,
      ...(names.length > 0 ? { red: `${plural(names.length, 'alarm')} ${names.join(', ')} went off` } : {}),
      ...(unknown.length > 0 ? { unknown: `alarm ${unknown.join(', alarm ')}` } : {}),
    };
  } catch (error) {
    if (world.signal.aborted) throw error;
    // Waiting does not cure a missing permission: it is logged even when the rollout ends for another reason.
    if (isRefused(error)) remark(`no share rises while the alarms cannot be read: ${describe(error)}`);
    return { ...quiet, unreadable: true, unknown: `the alarms cannot be read: ${describe(error)}` };
  }
};

/**
 * Whether the first raise is allowed: every alarm exists and none is in ALARM. An alarm may have no data before the candidate has
 * traffic.
 */
export const mayBeRaised = ({ red, gone, unreadable }: AlarmReading): boolean =>
  red === undefined && gone.length === 0 && !unreadable;

/** Proof of health counts only while the alarms are known to be OK. A decision to take the traffic back is never held up. */
export const heldBy = ({ unknown }: AlarmReading, verdict: StepVerdict): StepVerdict =>
  unknown === undefined || verdict.decision === 'rollback'
    ? verdict
    : { ...verdict, decision: 'hold', because: `the weight stays while ${unknown}; ${verdict.because}` };

/** Creates deleted alarms of this release again. */
export const putStepAlarmsBack = async (turn: Turn, deleted: readonly AlarmSpec[]): Promise<TurnResult> => {
  await putAlarms(turn, deleted);
  return {
    because: `created deleted alarms of this release again: ${deleted.map(({ AlarmName }) => AlarmName).join(', ')}`,
    percent: 15,
    notBefore: turn.nextPoll(),
  };
};

/** The record's list of alarms that went off, when this look adds to it. */
export const witnessedAlarms = ({ witnessed }: Release, { names }: AlarmReading): readonly string[] | undefined => {
  const all = [...new Set([...(witnessed.alarms ?? []), ...names])].sort();
  return all.length === (witnessed.alarms ?? []).length ? undefined : all;
};
