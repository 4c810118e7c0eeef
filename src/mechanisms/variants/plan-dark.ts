import { baselineOf } from '../../endpoint/baseline.ts';
import type { Desired } from '../../endpoint/desired.ts';
import { hardwareOf, kindOf, kinds, mayBecome, requestedKind } from '../../endpoint/kind.ts';
import { lookAt } from '../../endpoint/look.ts';
import type { LiveEndpoint } from '../../endpoint/observe.ts';
import { deployPermissions } from '../../endpoint/permissions.ts';
import { refuseOtherKind, refuseUnusable } from '../../endpoint/refuse-kind.ts';
import { candidateVariant, canonicalOf, darkConfig, leftBehind } from '../../endpoint/variants.ts';
import { percent } from '../../judge/amounts.ts';
import { freezePolicy } from '../../metrics/judge-policy.ts';
import { type Proof, proofNotes, proofTimes, refuseUnprovable } from '../../metrics/proof.ts';
import { usualRate } from '../../metrics/traffic.ts';
import { type Plan, Refusal } from '../../operation.ts';
import type { RegisteredVersion } from '../../registry/packages.ts';
import type { Configuration, ReleaseRecord } from '../../release/record.ts';
import { releaseId } from '../../release/release-id.ts';
import { withoutUndefined } from '../../without-undefined.ts';
import type { World } from '../../world.ts';
import { planDelivery } from '../guardrail/plan.ts';
import type { Deliver, Planned } from '../mechanism.ts';
import { swapSeconds } from '../replacement/plan.ts';
import { type DeliveryRequest, desiredOf, planDigest } from '../request.ts';
import { refuseUnfitSteps, stepAlarms } from './step-alarms.ts';
import { type Steps, stepsOf } from './steps.ts';

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
  if (look === undefined) return planDelivery(world, request);
  const { live, config: serving } = look;
  const kind = kindOf(look, record);
  const wanted = requestedKind(spec, 1);
  refuseUnusable(spec.name, look, kind, ['variants', 'guardrail', 'replacement']);
  const left = leftBehind(live, record);
  const canonical = canonicalOf(live);
  const home = alreadyDelivered(requested, registered, live, record);
  if (home !== undefined) return home;
  const baseline = baselineOf(look, record);
  if (mayBecome(baseline, { instanceType: hardwareOf(spec) })) refuseOtherKind(spec.name, look, kind, wanted, spec);
  if (canonical === undefined || [kind, wanted].some((one) => !kinds[one].deliver.includes('variants')))
    throw new Refusal(
      'infeasible-rollout',
      `steps on ${spec.name}: only real-time endpoints on instances have variant weights; use another strategy`,
    );
  if (serving === undefined)
    throw new Refusal('config-missing', `endpoint config ${live.endpointConfig}, which serves now, was deleted`);
  const count = live.variants.find(({ name }) => name === canonical)?.desired ?? baseline.instanceCount;
  const alone = desiredOf(world, requested, {
    packageVersion: registered.packageVersion,
    variant: canonical,
    instanceCount: count,
    attempt,
  });
  const dark = darkConfig(spec.name, version, serving, canonical, alone.config, count, attempt);
  const rate = await usualRate(world, { endpoint: spec.name, variant: canonical });
  const fleet = { endpoint: spec.name, variant: canonical };
  const proof = proofTimes(rollout, await freezePolicy(world, fleet, rollout.judge, rollout), rate);
  refuseUnprovable(rollout, proof, rate, spec.name);
  // Checked now and not only when the candidate is up: otherwise it would come up in vain.
  const next = candidateVariant(canonical);
  const alarms = stepAlarms(spec.name, next, alone.config.EndpointConfigName, rollout);
  const warnings = await refuseUnfitSteps(world, spec.name, next, rollout, alarms, rate);
  const serves = live.endpointConfig === dark.EndpointConfigName;
  const candidate: Configuration = {
    endpointConfig: dark.EndpointConfigName,
    model: alone.model.ModelName,
    version,
    packageVersion: registered.packageVersion,
    instanceType: hardwareOf(spec),
    instanceCount: count,
    beside: { candidate: alone.config.EndpointConfigName, baseline: left?.baseline ?? live.endpointConfig },
    contentDigest: registered.contentDigestNow,
    ...withoutUndefined({ imageDigest: registered.imageDigest }),
  };
  const digestOfPlan = planDigest(requested, registered.packageVersion);
  return {
    plan: describe(requested, rollout, live, candidate, alone, proof, serves, rate, warnings),
    already: 'candidate-dark',
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
const alreadyDelivered = (
  requested: DeliveryRequest,
  { packageVersion }: RegisteredVersion,
  live: LiveEndpoint,
  record: ReleaseRecord,
): Planned | undefined => {
  const digestOfPlan = planDigest(requested, packageVersion);
  const done = record.ended.find(
    ({ operation, planDigest: its, candidate }) =>
      operation === 'deploy-endpoint' &&
      its === digestOfPlan &&
      (candidate.beside?.candidate ?? candidate.endpointConfig) === live.endpointConfig,
  );
  if (done === undefined || live.pending !== undefined) return undefined;
  const { beside: _, ...candidate } = { ...done.candidate, endpointConfig: live.endpointConfig };
  return {
    plan: {
      title: `${requested.spec.name} serves ${requested.version} already`,
      changes: [],
      notes: [],
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
): Plan => ({
  title: serves
    ? `${requested.version} is up dark on ${requested.spec.name} already`
    : `bring ${requested.group} ${requested.version} up dark on ${requested.spec.name}, for steps of ${rollout.steps.map((share) => percent(share)).join(', ')}`,
  changes: serves
    ? []
    : [
        { verb: 'create', object: `model ${alone.model.ModelName}`, details: [] },
        {
          verb: 'create',
          object: `endpoint config ${candidate.endpointConfig}`,
          details: [
            `${candidate.instanceCount} × ${candidate.instanceType} with weight 0 beside the version that serves`,
          ],
        },
        {
          verb: 'update',
          object: `endpoint ${requested.spec.name}`,
          details: [
            `${live.endpointConfig} → ${candidate.endpointConfig}`,
            'first of two swaps; shift-traffic makes the second one',
          ],
        },
      ],
  notes: [
    'both swaps replace the fleet: at each of them three times the instances run for some minutes',
    `${live.endpointConfig} sees about ${Math.round(rate * 10) / 10} requests per second`,
    ...proofNotes(proof),
    ...warnings,
    'rolling back changes weights only, at once; the next release removes the candidate',
  ],
  expectedSeconds: serves ? 0 : swapSeconds,
  peakInstances: serves ? {} : { [candidate.instanceType]: 3 * candidate.instanceCount },
  permissions: deployPermissions({
    creates: false,
    serves,
    passesRole: requested.spec.executionRole !== undefined,
    scales: requested.spec.autoscaling !== undefined,
    encrypts: requested.spec.kmsKey !== undefined,
  }),
});
