import { baselineOf } from '../../endpoint/baseline.ts';
import type { Desired } from '../../endpoint/desired.ts';
import { hardwareOf, kindOf, kindRequested, kinds, mayBecome } from '../../endpoint/kind.ts';
import { lookAt } from '../../endpoint/look.ts';
import type { LiveEndpoint } from '../../endpoint/observe.ts';
import { deployPermissions } from '../../endpoint/permissions.ts';
import { kindNotes, refuseOtherKind, refuseUnusable } from '../../endpoint/refuse-kind.ts';
import { scalingOf } from '../../endpoint/scaling.ts';
import { scalingChange } from '../../endpoint/scaling-change.ts';
import { servingIn } from '../../endpoint/serving.ts';
import { type Candidate, candidateVariant, canonicalOf, darkConfig, leftBehind } from '../../endpoint/variants.ts';
import { percent } from '../../judge/amounts.ts';
import { freezePolicy } from '../../metrics/judge-policy.ts';
import { ownNotes } from '../../metrics/own-past.ts';
import { longestStepSeconds, type Proof, proofNotes, proofTimes, refuseUnprovable } from '../../metrics/proof.ts';
import { usualRate } from '../../metrics/traffic.ts';
import { type Change, type Plan, Refusal } from '../../operation.ts';
import { registeredImages } from '../../registry/registered-version.ts';
import type { Configuration } from '../../release/record.ts';
import { releaseId } from '../../release/release-id.ts';
import { withoutUndefined } from '../../without-undefined.ts';
import type { World } from '../../world.ts';
import { compare, endedOf } from '../compared.ts';
import { planDelivery } from '../guardrail/plan.ts';
import type { Deliver, Planned } from '../mechanism.ts';
import { swapSeconds } from '../replacement/plan.ts';
import { type DeliveryRequest, desiredOf, planDigest } from '../request.ts';
import { publishingChanges, refusalOf, settingNotes, sharedChanges } from '../setting-changes.ts';
import { refuseUnfitSteps, stepAlarms } from './step-alarms.ts';
import { namedVariants, type Steps, stepsOf } from './steps.ts';

/**
 * Plans the first half of a stepped rollout: the candidate comes up dark beside the variant that serves. `shift-traffic` does the
 * rest. A first deployment has no baseline and is created like any other.
 * @throws {Refusal} as `planDelivery`, and `infeasible-rollout` when health cannot be proven within the longest stay on a step
 */
export const planDark = async (world: World, request: Deliver): Promise<Planned> => {
  const { requested, registered, record, attempt } = request;
  const { spec, version } = requested;
  const rollout = stepsOf(requested);
  const look = await lookAt(world, spec.name);
  if (look === undefined) return planDelivery(world, request, undefined);
  const { live, config: serving } = look;
  const kind = kindOf(look, record);
  const wantedKind = kindRequested(spec, registered.containers.length);
  refuseUnusable(spec.name, look, kind, ['variants', 'guardrail', 'replacement'], spec);
  const left = leftBehind(live, record);
  const canonical = canonicalOf(live);
  const aboutKind = kindNotes({ look, kind }, wantedKind, spec);
  const home = alreadyDelivered(request, live, aboutKind);
  if (home !== undefined) return home;
  const baseline = baselineOf(look, record);
  if (mayBecome(baseline, { instanceType: hardwareOf(spec) })) refuseOtherKind(spec.name, look, kind, wantedKind, spec);
  if (canonical === undefined || [kind, wantedKind].some((one) => !kinds[one].deliver.includes('variants')))
    throw new Refusal(
      'infeasible-rollout',
      `steps on ${spec.name}: only real-time endpoints on instances have variant weights; use another strategy`,
    );
  if (serving === undefined)
    throw new Refusal('config-missing', `endpoint config ${live.endpointConfig}, which serves now, was deleted`);
  const count = live.variants.find(({ name }) => name === canonical)?.desired ?? baseline.instanceCount;
  const shown = { ...baseline, serving: servingIn(look, live.endpointConfig, canonical) };
  const compared = await compare(world, request, shown, { variant: canonical, instanceCount: count });
  const alone = desiredOf(world, requested, {
    packageVersion: registered.packageVersion,
    variant: canonical,
    instanceCount: count,
    attempt,
    ...withoutUndefined({ kept: compared.source }),
  });
  const dark = darkConfig(spec.name, version, serving, canonical, alone.config, count, attempt);
  const rate = await usualRate(world, { endpoint: spec.name, variant: canonical });
  const fleet = { endpoint: spec.name, variant: canonical };
  const names = namedVariants(spec.name, {
    canonical,
    config: dark.EndpointConfigName,
    version,
    before: baseline.version,
  });
  const frozen = await freezePolicy(world, fleet, rollout.judge, { ...rollout, names });
  const proof = proofTimes(rollout, frozen, rate);
  refuseUnprovable(rollout, proof, rate, spec.name);
  // Checked now and not only when the candidate is up: otherwise it would come up in vain.
  const next = candidateVariant(canonical);
  const alarms = stepAlarms(spec.name, next, alone.config.EndpointConfigName, rollout);
  const warnings = await refuseUnfitSteps(world, spec.name, next, rollout, alarms, rate);
  // shift-traffic sets autoscaling at its end. A policy in its way is named now, while nothing is written.
  const scaling = await scalingChange(world, spec, canonical, await scalingOf(world, spec.name, canonical));
  const later = scaling.changes.flatMap(({ object, details }) =>
    details.map((line) => `shift-traffic changes ${object}: ${line}`),
  );
  const serves = live.endpointConfig === dark.EndpointConfigName;
  const candidate: Configuration = {
    endpointConfig: dark.EndpointConfigName,
    model: alone.model.ModelName,
    version,
    packageVersion: registered.packageVersion,
    instanceType: hardwareOf(spec),
    instanceCount: count,
    beside: { candidate: alone.config.EndpointConfigName, baseline: left?.beside.baseline ?? live.endpointConfig },
    contentDigest: registered.contentDigestNow,
    ...registeredImages(registered),
    kept: compared.kept,
  };
  const digestOfPlan = planDigest(requested, registered.packageVersion);
  const publishing = serves
    ? []
    : await publishingChanges(world, {
        wanted: alone,
        compared,
        model: [`from ${registered.tag} (package version ${registered.packageVersion})`],
        config: ['for the second swap, which shift-traffic makes: the candidate alone'],
      });
  const notes = serves ? [] : settingNotes({ wanted: alone, compared });
  return {
    plan: describe(
      requested,
      rollout,
      live,
      candidate,
      alone,
      proof,
      serves,
      rate,
      [
        ...notes,
        ...aboutKind,
        ...ownNotes(frozen.policy, frozen.own),
        ...warnings,
        ...scaling.notes,
        ...later,
        ...look.notes,
      ],
      publishing,
      sharedChanges(compared, alone),
      left,
    ),
    already: 'candidate-dark',
    look,
    ...(serves ? {} : refusalOf(spec.name, compared, alone.config)),
    release: {
      id: releaseId(record, version, digestOfPlan),
      operation: 'deploy-endpoint',
      version,
      planDigest: digestOfPlan,
      attempt,
      baseline,
      candidate,
      submission: {
        mechanism: 'variants',
        variant: next,
        canonical,
        exclude: [],
        ...(serves ? { kind: 'none' } : { kind: 'update', expectedSeconds: swapSeconds }),
      },
    },
  };
};

/** shift-traffic finished the same request, or it was a first deployment: its candidate serves alone, under the canonical name. */
const alreadyDelivered = (request: Deliver, live: LiveEndpoint, notes: readonly string[]): Planned | undefined => {
  const { requested } = request;
  const done = endedOf(request).find(
    ({ candidate }) => (candidate.beside?.candidate ?? candidate.endpointConfig) === live.endpointConfig,
  );
  if (done === undefined || live.pending !== undefined) return undefined;
  const { beside: _, ...candidate } = { ...done.candidate, endpointConfig: live.endpointConfig };
  return {
    plan: {
      title: `${requested.spec.name} serves ${requested.version} already`,
      changes: [],
      notes,
      expectedSeconds: 0,
      peakInstances: {},
      permissions: [],
    },
    release: { ...done, candidate },
    already: 'already-delivered',
  };
};

const describe = (
  requested: DeliveryRequest,
  rollout: Steps,
  live: LiveEndpoint,
  candidate: Configuration,
  alone: Desired,
  proof: readonly Proof[],
  serves: boolean,
  rate: number,
  warnings: readonly string[],
  publishing: readonly Change[],
  shared: readonly string[],
  left: Candidate | undefined,
): Plan => ({
  title: serves
    ? `${requested.version} is up dark on ${requested.spec.name} already`
    : `bring ${requested.group} ${requested.version} up dark on ${requested.spec.name}, for steps of ${rollout.steps.map((share) => percent(share)).join(', ')}`,
  changes: serves
    ? []
    : [
        ...publishing,
        {
          verb: 'create',
          object: `endpoint config ${candidate.endpointConfig}`,
          details: [
            `${candidate.instanceCount} × ${candidate.instanceType} with weight 0 beside the version that serves`,
            ...shared,
          ],
        },
        {
          verb: 'update',
          object: `endpoint ${requested.spec.name}`,
          details: [
            `${live.endpointConfig} → ${candidate.endpointConfig}`,
            ...(left === undefined
              ? []
              : [`the candidate ${left.version} of an earlier run, which has no traffic, goes`]),
            'first of two swaps; shift-traffic makes the second one',
          ],
        },
      ],
  notes: [
    'both swaps replace the fleet: at each of them three times the instances run for some minutes',
    `${live.endpointConfig} sees about ${Math.round(rate * 10) / 10} requests per second`,
    ...proofNotes(proof, longestStepSeconds(rollout)),
    ...warnings,
    'rolling back changes weights only, at once; the next release removes the candidate',
  ],
  expectedSeconds: serves ? 0 : swapSeconds,
  peakInstances: serves ? {} : { [candidate.instanceType]: 3 * candidate.instanceCount },
  permissions: deployPermissions({
    creates: false,
    serves,
    passesRole: alone.model.ExecutionRoleArn !== undefined,
    scales: requested.spec.autoscaling !== undefined,
    encrypts: alone.config.KmsKeyId !== undefined,
  }),
});
