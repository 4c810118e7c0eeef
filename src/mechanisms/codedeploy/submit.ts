import type { DeploymentInfo, TrafficRouting } from '../../aws/codedeploy.ts';
import { describe, isRefused, orUndefined } from '../../aws/errors.ts';
import { reasonOfError } from '../../aws/reason.ts';
import { AnswerLost } from '../../aws/retry.ts';
import { canonical } from '../../digest.ts';
import { Refusal } from '../../operation.ts';
import { withoutUndefined } from '../../without-undefined.ts';
import { writesOf } from '../../world.ts';
import { refuseWithdrawn } from '../approval.ts';
import type { WantedRelease } from '../mechanism.ts';
import { statesOf } from '../release-alarms.ts';
import { grace, stoppedBeforeSubmission } from '../submit.ts';
import type { Turn, TurnResult } from '../turn.ts';
import { revisionOf } from './app-spec.ts';
import { deploymentOf, groupAlarms, groupOf, runningIn } from './deployment.ts';
import { shown, submissionOf, targetOf } from './target.ts';

/** Creates the deployment configuration of the suite's own, unless the account has it. */
const createConfig = async (turn: Turn): Promise<TurnResult | undefined> => {
  const submission = submissionOf(turn.release);
  const { config, routing } = submission;
  const { platform } = targetOf(submission);
  if (routing === undefined) return undefined;
  const found = await orUndefined(turn.world.read.codedeploy.getDeploymentConfig({ deploymentConfigName: config }));
  if (found !== undefined) {
    const { computePlatform, trafficRoutingConfig } = found.deploymentConfigInfo ?? {};
    if (computePlatform === platform && canonical(trafficRoutingConfig) === canonical(routing)) return undefined;
    throw new Refusal(
      'name-taken',
      `the deployment configuration ${config} exists, and does not shift as its name says`,
    );
  }
  try {
    await writesOf(turn.world).codedeploy.createDeploymentConfig({
      deploymentConfigName: config,
      computePlatform: platform,
      trafficRoutingConfig: routing as unknown as TrafficRouting,
    });
  } catch (error) {
    // The answer to an earlier try was lost, or another environment has the same rollout: the next turn compares it.
    if (!(error instanceof Error) || error.name !== 'DeploymentConfigAlreadyExistsException') throw error;
  }
  return { because: `created the deployment configuration ${config}`, percent: 8 };
};

/** Announces the deployment in the record, then creates it. After a lost answer the next turn looks for it by its description. */
export const submitDeployment = async (turn: Turn, wanted: WantedRelease | undefined): Promise<TurnResult> => {
  const made = await createConfig(turn);
  if (made !== undefined) return made;
  const { world, release } = turn;
  world.lookAgain?.();
  const submission = submissionOf(release);
  const target = targetOf(submission);
  const look = await target.look(world);
  const [other] = await runningIn(world, submission);
  const isAsPlanned =
    look?.version === submission.from && (look.other === undefined || release.operation === 'rollback');
  if (!isAsPlanned || other !== undefined) {
    // An earlier submission without an answer arrived after all.
    const own = await deploymentOf(turn);
    if (own !== undefined) return supervised(turn, own);
  }
  const stopped = stoppedBeforeSubmission(turn);
  if (stopped !== undefined) return stopped;
  const prepared = await wanted?.prepare?.(turn);
  if (prepared !== undefined) return prepared;
  if (!isAsPlanned)
    return turn.conclude(
      'changed-by-others',
      `${target.name} is on ${look === undefined ? `no ${target.noun}` : shown(look, target.noun)}, but the plan expects ${target.noun} ${submission.from}${other === undefined ? '' : `; deployment ${other} of others runs`}`,
    );
  if (other !== undefined) return waitFor(turn, other);
  const alarms = await alarmsOf(turn);
  const { red, gone } = await statesOf(world, alarms.watched);
  if (red.length + gone.length > 0)
    return turn.conclude('alarm-not-ready', `nothing was submitted: ${notReady(red, gone)}`);
  await wanted?.unchanged?.(turn);
  const withdrawn = await refuseWithdrawn(turn);
  if (withdrawn !== undefined) return withdrawn;

  const announced = await turn.save({
    phase: 'submitting',
    witnessed: { ...release.witnessed, submittedAt: world.clock.now() },
  });
  let deploymentId: string | undefined;
  try {
    ({ deploymentId } = await writesOf(world).codedeploy.createDeployment({
      ...groupOf(submission),
      deploymentConfigName: submission.config,
      description: release.id,
      revision: revisionOf(submission),
      autoRollbackConfiguration: {
        enabled: true,
        events: ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_ALARM', 'DEPLOYMENT_STOP_ON_REQUEST'],
      },
      ...(alarms.brought === undefined
        ? {}
        : {
            overrideAlarmConfiguration: {
              enabled: alarms.brought.length > 0,
              ignorePollAlarmFailure: false,
              alarms: alarms.brought.map((name) => ({ name })),
            },
          }),
    }));
  } catch (error) {
    if (error instanceof AnswerLost) {
      await announced.save({ witnessed: { ...announced.release.witnessed, unansweredAt: world.clock.now() } });
      return {
        because: 'the answer to the submission was lost; looking for the deployment',
        percent: 12,
        notBefore: turn.nextPoll(),
      };
    }
    // CodeDeploy refused the call. Nothing was started, so the announcement is withdrawn.
    const undone = await announced.save({ phase: 'preparing', witnessed: release.witnessed });
    if (!isRefused(error)) throw error;
    if (error instanceof Error && error.name === 'DeploymentLimitExceededException')
      return waitFor(undone, 'another one');
    return undone.conclude(reasonOfError(error), describe(error));
  }
  // Outside of the `try`: when the record cannot be written now, the deployment runs all the same, and the announcement stands.
  await announced.save({
    phase: 'supervising',
    witnessed: { ...announced.release.witnessed, ...withoutUndefined({ deployment: deploymentId }) },
  });
  return {
    because: `created deployment ${deploymentId} by ${submission.config}`,
    percent: 15,
    notBefore: turn.nextPoll(),
  };
};

/**
 * The alarms of the deployment. Those of the group are read now: they may have changed since the plan, and a deployment that brings alarms of
 * its own replaces them. A rollback obeys none.
 */
export const alarmsOf = async ({
  world,
  release,
}: Turn): Promise<{ readonly watched: readonly string[]; readonly brought?: readonly string[] }> => {
  if (release.operation === 'rollback') return { watched: [], brought: [] };
  const submission = submissionOf(release);
  const { alarms: ofGroup } = await groupAlarms(world, submission, targetOf(submission).platform);
  const watched = [...new Set([...ofGroup, ...submission.alarms])];
  return watched.length === ofGroup.length ? { watched } : { watched, brought: watched };
};

export const notReady = (red: readonly string[], gone: readonly string[]): string =>
  [
    ...(red.length > 0 ? [`${red.join(', ')} is in ALARM already`] : []),
    ...(gone.length > 0 ? [`${gone.join(', ')} does not exist`] : []),
  ].join('; ');

const waitFor = async (turn: Turn, deployment: string): Promise<TurnResult> => {
  // Another deployment may take two days. A rejection meanwhile ends the release at once.
  const withdrawn = await refuseWithdrawn(turn);
  if (withdrawn !== undefined) return withdrawn;
  await turn.save({});
  return {
    because: `waiting for the deployment that runs in the group: ${deployment}`,
    percent: 10,
    notBefore: turn.nextPoll(),
  };
};

/** The record has the announcement, but its arrival is unknown: the deployment with the release's description is the proof. */
export const confirmDeployment = async (turn: Turn): Promise<TurnResult> => {
  const { world, release } = turn;
  const found = await deploymentOf(turn);
  if (found !== undefined) return supervised(turn, found);
  const { submittedAt = release.startedAt, unansweredAt = submittedAt, ...witnessed } = release.witnessed;
  if (world.clock.now() < unansweredAt + grace)
    return { because: 'waiting to see whether the submission arrived', percent: 12, notBefore: turn.nextPoll() };
  await turn.save({ phase: 'preparing', witnessed });
  return { because: 'the submission never arrived; submitting again', percent: 10 };
};

const supervised = async (turn: Turn, { deploymentId }: DeploymentInfo): Promise<TurnResult> => {
  const { submittedAt = turn.release.startedAt, ...witnessed } = turn.release.witnessed;
  await turn.save({
    phase: 'supervising',
    witnessed: { ...witnessed, submittedAt, ...withoutUndefined({ deployment: deploymentId }) },
  });
  return { because: 'the submission had arrived', percent: 15 };
};
