import { baselineOf } from '../../endpoint/baseline.ts';
import { kindOf, kindRequested, kinds } from '../../endpoint/kind.ts';
import { lookAt } from '../../endpoint/look.ts';
import { stepPermissions } from '../../endpoint/permissions.ts';
import { refuseUnusable } from '../../endpoint/refuse-kind.ts';
import { scalingOf } from '../../endpoint/scaling.ts';
import { type ScalingChange, scalingChange } from '../../endpoint/scaling-change.ts';
import { servingIn } from '../../endpoint/serving.ts';
import { candidateOf, candidateVariant, canonicalOf } from '../../endpoint/variants.ts';
import { shareOf } from '../../endpoint/weights.ts';
import { counted, percent } from '../../judge/amounts.ts';
import { explainedByDay } from '../../judge/last-step.ts';
import { isToBeProven, type Policy } from '../../judge/policy.ts';
import type { AlarmSpec } from '../../metrics/alarms.ts';
import { type FrozenPolicy, freezePolicy } from '../../metrics/judge-policy.ts';
import { ownNotes } from '../../metrics/own-past.ts';
import {
  dispersionNotes,
  healthyNotes,
  limitNotes,
  longestStepSeconds,
  type Proof,
  proofNotes,
  proofTimes,
  refuseUnprovable,
  walkSeconds,
} from '../../metrics/proof.ts';
import { usualRate } from '../../metrics/traffic.ts';
import { type Plan, Refusal } from '../../operation.ts';
import type { Configuration, Stepping } from '../../release/record.ts';
import { releaseId } from '../../release/release-id.ts';
import { initial } from '../../rollout/state.ts';
import { withoutUndefined } from '../../without-undefined.ts';
import type { World } from '../../world.ts';
import type { Planned, Shift } from '../mechanism.ts';
import { swapSeconds } from '../replacement/plan.ts';
import { planSwap, type Swap } from '../setting-changes.ts';
import { refuseUnfitSteps, stepAlarms } from './step-alarms.ts';
import { namedVariants, type Steps, stepsDigest, stepsOf } from './steps.ts';

/**
 * Plans the steps: finds the dark candidate and freezes the judge's policy. DESIGN §6: burst guard and latency edges come from the day
 * before the first candidate request, never from the candidate.
 * @throws {Refusal} `no-candidate`, and `too-little-traffic` when health cannot be proven within the longest stay on a step
 */
export const planSteps = async (world: World, { requested, record }: Shift): Promise<Planned> => {
  const { version } = requested;
  const endpoint = requested.spec.name;
  const rollout = stepsOf(requested);
  const look = await lookAt(world, endpoint);
  const live = look?.live;
  const kind = look && kindOf(look, record);
  // The true reason, where deploy-endpoint could bring no candidate up either.
  if (look && kind && kinds[kind].leave !== 'always' && kind !== kindRequested(requested.spec, 1))
    refuseUnusable(endpoint, look, kind, ['variants']);
  const canonical = live && canonicalOf(live);
  const dark = live && candidateOf(live, record);
  if (!look || !live || !canonical || !dark || live.variants.length !== 2 || dark.version !== version)
    throw new Refusal(
      'no-candidate',
      `${endpoint} has no dark candidate of ${version}${dark ? `, but one of ${dark.version}` : ''}: bring it up with deploy-endpoint`,
    );
  const { beside } = dark;
  const next = candidateVariant(canonical);
  const now = world.clock.now();
  const before = baselineOf(look, record);
  const names = namedVariants(endpoint, { canonical, config: live.endpointConfig, version, before: before.version });
  const frozen = await freezePolicy(world, { endpoint, variant: canonical }, rollout.judge, { ...rollout, names });
  const { policy, latency, own } = frozen;
  // A candidate that had all traffic could not be published: no baseline traffic is left for a comparison.
  const full = shareOf(live, next) > 0.999;
  const rate = await usualRate(world, { endpoint, variant: canonical });
  const proof = full ? [] : proofTimes(rollout, frozen, rate);
  refuseUnprovable(rollout, proof, rate, endpoint);
  const alarms = stepAlarms(endpoint, next, beside.candidate, rollout);
  const warnings = await refuseUnfitSteps(world, endpoint, next, rollout, alarms, rate);
  const watched = [...alarms.map(({ AlarmName }) => AlarmName), ...rollout.alarms.named];
  const stepping: Stepping = {
    plan: {
      steps: rollout.steps,
      bakeSeconds: rollout.bakeSeconds,
      maxStepSeconds: longestStepSeconds(rollout),
      minimumRequests: rollout.minimumRequests,
    },
    state: full ? { is: 'baking', index: rollout.steps.length - 1, since: now } : initial,
    baselineVariant: canonical,
    candidateVariant: next,
    startedAt: now,
    moves: full ? [{ from: now, until: now, share: 1 }] : [],
    obeyed: 0,
    policy,
    ...withoutUndefined({ latency, own: own?.reads, alarms: watched.length > 0 ? watched : undefined }),
  };
  const baseline = { ...before, beside };
  const { beside: _, ...candidate } = { ...dark.configuration, endpointConfig: beside.candidate };
  const scaled = await scalingOf(world, endpoint, canonical);
  const scaling = await scalingChange(world, requested.spec, canonical, scaled);
  const planDigest = stepsDigest(requested);
  const serving = servingIn(look, live.endpointConfig, canonical);
  const swap = await planSwap(world, { before: serving, to: candidate, variant: canonical });
  return {
    already: 'already-delivered',
    look,
    plan: describe(
      endpoint,
      rollout,
      baseline,
      candidate,
      frozen,
      proof,
      scaled !== undefined || scaling.changes.length > 0,
      alarms,
      [...swap.notes, ...warnings, ...look.notes],
      swap,
      scaling,
    ),
    release: {
      id: releaseId(record, version, planDigest),
      operation: 'shift-traffic',
      version,
      planDigest,
      attempt: 1,
      baseline,
      candidate,
      stepping,
      submission: {
        mechanism: 'variants',
        kind: 'update',
        variant: canonical,
        // The canonical variant has weight 0 when the candidate has all of the traffic. Alone it must have all of it again.
        exclude: ['DesiredWeight'],
        expectedSeconds: swapSeconds,
      },
    },
  };
};

const describe = (
  endpoint: string,
  rollout: Steps,
  baseline: Configuration,
  candidate: Configuration,
  { policy, guard, latency, own }: FrozenPolicy,
  proof: readonly Proof[],
  scales: boolean,
  alarms: readonly AlarmSpec[],
  warnings: readonly string[],
  { lines }: Swap,
  scaling: ScalingChange,
): Plan => ({
  title: `shift ${endpoint} from ${baseline.version ?? baseline.endpointConfig} to ${candidate.version} in steps of ${rollout.steps.map((share) => percent(share)).join(', ')}`,
  changes: [
    ...(alarms.length > 0
      ? [
          {
            verb: 'create',
            object: `${counted(alarms.length, 'alarm')} for this release`,
            details: alarms.map(({ AlarmName }) => AlarmName),
          } as const,
        ]
      : []),
    {
      verb: 'update',
      object: `weights of ${endpoint}`,
      details: rollout.steps.map((share) =>
        stepDetail(share, rollout, policy, alarms.length + rollout.alarms.named.length > 0),
      ),
    },
    {
      verb: 'reuse',
      object: `endpoint config ${candidate.endpointConfig}`,
      details: ['the candidate alone, under the canonical variant name; deploy-endpoint created it', ...lines],
    },
    {
      verb: 'update',
      object: `endpoint ${endpoint}`,
      details: [`${baseline.endpointConfig} → ${candidate.endpointConfig}`, 'second of two swaps'],
    },
    ...scaling.changes,
  ],
  notes: [
    `convicted when worse than ${policy.convict.worseThan} times the old version, with at most ${percent(policy.convict.falseRollback, 6)} chance of convicting a good one over the whole rollout`,
    ...healthyNotes(policy),
    ...limitNotes(policy),
    ...dispersionNotes(policy),
    ...proofNotes(proof, longestStepSeconds(rollout)),
    `burst guard ${policy.burstGuard ? 'on' : 'off'}: ${guard.because}`,
    latency ? `latency: ${latency.because}` : 'latency is not judged: CloudWatch has no samples of it',
    ...ownNotes(policy, own),
    ...warnings,
    ...scaling.notes,
    'rolling back changes weights only, at once',
  ],
  expectedSeconds: walkSeconds(rollout, proof) + swapSeconds,
  peakInstances: { [candidate.instanceType]: 3 * candidate.instanceCount },
  permissions: stepPermissions({ scales }),
});

/** A candidate with all traffic cannot be proven healthy by comparison: it has to survive its bake beside the time before (`rollout/step.ts`). */
const stepDetail = (
  share: number,
  { bakeSeconds, minimumRequests }: Steps,
  policy: Policy,
  isWatched: boolean,
): string => {
  const { above, buckets } = policy.safetyNet;
  const least = `${percent(share)}, at least ${bakeSeconds} s`;
  if (share < 1) return `${least}, until proven healthy`;
  const net = `${counted(buckets, 'minute')} in a row with more than ${percent(above, 6)} failures${isWatched ? ', or an alarm,' : ''}`;
  const measured = policy.metrics.filter(isToBeProven).map((metric) => {
    const explained = explainedByDay(metric);
    return `${metric.says} (${explained === undefined ? 'the day before is not known' : percent(explained)})`;
  });
  return `${least} and ${counted(minimumRequests, 'request')}: no old version is left to compare with; ${net} take the traffic back, and so do clearly more ${measured.join(' or ')} than the day before and the last steps explain`;
};
