import type { ReleaseOutputs } from '../delivery/release-outputs.ts';
import type { Opening } from '../delivery/run-release.ts';
import type { Planned } from '../mechanisms/mechanism.ts';
import type { Plan } from '../operation.ts';
import type { ReleaseRecord } from '../release/record.ts';

/**
 * The manifest's changes, planned with the version that serves. Where the endpoint has none of them, the next delivery may still run by
 * another rollout or other alarms than the last one: then it is planned whole, so that it is checked and shown.
 * @param planWhole the same plan as if the version did not serve
 */
export const servingPlan = async (
  endpoint: string,
  record: Pick<ReleaseRecord, 'ended'>,
  planned: Planned,
  planWhole: () => Promise<Planned>,
): Promise<Extract<Opening<ReleaseOutputs>, { is: 'done' }>> => {
  const { version, planDigest } = planned.release;
  const lines = settingLines(planned.plan, endpoint);
  if (lines.length > 0)
    return done(
      'manifest-planned',
      `the manifest changes endpoint ${endpoint}: ${lines.join('; ')}`,
      asNext(planned.plan, endpoint, version),
    );
  const last = record.ended.find(
    (release) =>
      release.operation === 'deploy-endpoint' && release.outcome === 'succeeded' && release.version === version,
  );
  if (planned.plan.changes.length === 0 && last?.planDigest === planDigest)
    return done(
      planned.already,
      `the manifest changes nothing at endpoint ${endpoint}, which serves ${version} with it`,
      planned.plan,
    );
  const whole = planned.plan.changes.length > 0 ? planned : await planWhole();
  return done(
    'manifest-planned',
    last === undefined
      ? `the manifest changes no setting of endpoint ${endpoint}; how ${version}, which serves, was delivered is not known, so the next delivery is planned whole`
      : `the manifest changes no setting of endpoint ${endpoint}, but the way there: ${version}, which serves, was delivered by another rollout or under other alarms`,
    asNext(whole.plan, endpoint, version),
  );
};

const done = (
  reason: 'manifest-planned' | Planned['already'],
  because: string,
  plan: Plan,
): Extract<Opening<ReleaseOutputs>, { is: 'done' }> => ({
  is: 'done',
  progress: { is: 'done', outcome: 'succeeded', reason, outputs: {}, because, plan },
});

const asNext = (plan: Plan, endpoint: string, version: string): Plan => ({
  ...plan,
  title: `the next delivery to ${endpoint} by this manifest, planned with ${version}, which serves`,
  notes: [
    ...plan.notes,
    'approval, promotion and regression test of the next version are looked at when it is delivered',
  ],
});

/** Settings that differ, as the plan has them. The names of configs and models differ without one, too. */
export const settingLines = ({ changes }: Plan, endpoint: string): readonly string[] =>
  changes
    .filter(({ object }) => object !== `endpoint ${endpoint}`)
    .flatMap(({ details }) => details.filter((line) => line.includes(' → ') && !line.startsWith('model: ')));
