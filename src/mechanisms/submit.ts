import { classify, describe, isRefused, missesConfig, orUndefined } from '../aws/errors.ts';
import { reasonOfError } from '../aws/reason.ts';
import { AnswerLost } from '../aws/retry.ts';
import type { DeploymentConfig } from '../aws/sagemaker.ts';
import { minutes, seconds } from '../clock.ts';
import { inProgress, type LiveEndpoint, observe } from '../endpoint/observe.ts';
import { promisedBy } from '../endpoint/promised.ts';
import { tags } from '../endpoint/tags.ts';
import type { Phase, Release } from '../release/record.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { writesOf } from '../world.ts';
import { type Guard, refuseWithdrawn } from './approval.ts';
import type { WantedRelease } from './mechanism.ts';
import { alarmStates } from './release-alarms.ts';
import type { Turn, TurnResult } from './turn.ts';

/** Right after an update DescribeEndpoint may still show the state before it (reference/sagemaker.md §2.7 rule 5). */
export const grace = seconds(60);

/**
 * Announces the submission in the record, then submits: every later reader of the record knows that the call may have been made.
 * UpdateEndpoint has no idempotency token. After a lost answer the next turn reads the endpoint; it never submits again blindly.
 * @param wanted its preparations are looked at once more: others may have changed them since
 * @param guard checks approval and content again, as the last step before the announcement (DESIGN §7 rule 18)
 */
export const submit = async (
  turn: Turn,
  wanted: Pick<WantedRelease, 'tags' | 'prepare'> = {},
  guard: Guard = refuseWithdrawn,
): Promise<TurnResult> => {
  const { world, endpoint, release } = turn;
  world.lookAgain?.();
  const live = await observe(world, endpoint);
  // An earlier submission whose answer was lost did arrive: only this suite submits a content-addressed configuration.
  if (live !== undefined && named(live, release)) {
    await turn.save({
      phase: 'supervising',
      witnessed: { ...release.witnessed, submittedAt: release.witnessed.submittedAt ?? release.startedAt },
    });
    return { because: 'the submission had arrived', percent: 15 };
  }
  if (live !== undefined && inProgress(live.status)) {
    // Another update may take hours. A rejection meanwhile ends the release at once.
    const withdrawn = await guard(turn);
    if (withdrawn !== undefined) return withdrawn;
    if (release.lease.until - world.clock.now() < minutes(3)) await turn.save({});
    return {
      because: `waiting for the endpoint to settle: it is ${live.status}`,
      percent: 10,
      notBefore: turn.nextPoll(),
    };
  }
  if ((live?.endpointConfig ?? undefined) !== release.baseline?.endpointConfig)
    return turn.conclude(
      'changed-by-others',
      `the endpoint serves ${live?.endpointConfig ?? 'nothing'}, but the plan expects ${release.baseline?.endpointConfig ?? 'nothing'}`,
    );
  if (release.submission.kind === 'none')
    return (
      (await guard(turn)) ??
      turn.conclude(
        'delivered',
        `${endpoint} served ${release.version} already; its tags and its scaling are up to date`,
      )
    );
  const stopped = stoppedBeforeSubmission(turn);
  if (stopped !== undefined) return stopped;
  const prepared = await wanted.prepare?.(turn);
  if (prepared !== undefined) return prepared;
  const promised = await promisedBy(world, release.candidate);
  const { red } = await alarmStates(turn);
  // Rule 6: an alarm may have gone off while the release waited for the endpoint.
  if (red.length > 0)
    return turn.conclude(
      'alarm-not-ready',
      `nothing was submitted: ${red.join(', ')} went off before the update began`,
    );
  const withdrawn = await guard(turn);
  if (withdrawn !== undefined) return withdrawn;

  const announced = await turn.save({
    phase: 'submitting',
    witnessed: {
      ...release.witnessed,
      submittedAt: world.clock.now(),
      ...withoutUndefined({ modifiedAt: live?.modifiedAt, staleFailureReason: live?.failureReason, promised }),
    },
  });
  try {
    await send(announced, wanted.tags ?? {});
  } catch (error) {
    if (error instanceof AnswerLost) {
      await announced.save({ witnessed: { ...announced.release.witnessed, unansweredAt: world.clock.now() } });
      return {
        because: 'the answer to the submission was lost; reading the endpoint',
        percent: 12,
        notBefore: turn.nextPoll(),
      };
    }
    // AWS refused the call. Nothing was started, so the announcement is withdrawn.
    return refused(await announced.save({ phase: unsubmitted(release), witnessed: release.witnessed }), error);
  }
  await announced.save({ phase: 'supervising' });
  return { because: `submitted: ${sentence(announced)}`, percent: 15, notBefore: turn.nextPoll() };
};

/**
 * The phase of a release whose submission did not take place. With steps the candidate has all of the traffic by then. The end of such
 * a release first takes that traffic back, so the release must not look like one without traffic.
 */
const unsubmitted = ({ stepping, takenBack }: Release): Phase =>
  stepping !== undefined && takenBack === undefined ? 'stepping' : 'preparing';

/** Ends a release that got the command to stop before its submission. */
export const stoppedBeforeSubmission = (turn: Turn): Promise<TurnResult> | undefined => {
  const given = turn.release.commands.find(({ command }) => command === 'abort');
  return (
    given &&
    turn.conclude(
      // Nothing had moved, so there is nothing that lost its approval on the way.
      given.reason === 'approval-withdrawn' ? 'not-approved' : 'aborted-by-hand',
      `nothing was submitted: ${given.by} stopped it: ${given.why}`,
    )
  );
};

/** How long after its creation a lookup may still miss a configuration (AWS: CreateEndpointConfig, eventual consistency). */
const settlingIn = seconds(30);
/** The pause between two tries within that time. */
const pause = seconds(5);

/** A refusal ends the release, so that its preparations are undone. A refusal that time alone cures is retried. */
const refused = async (turn: Turn, error: unknown): Promise<TurnResult> => {
  if (!isRefused(error)) throw error;
  const kind = classify(error);
  const { world, release } = turn;
  if (kind === 'already-exists' && (await isHidden(turn))) return turn.conclude('endpoint-unusable', hidden(turn));
  // It exists already: another run created it meanwhile. The next look shows whose it is.
  if (kind === 'in-progress' || kind === 'already-exists')
    return {
      because: 'another change of the endpoint is running; waiting',
      percent: 10,
      notBefore: turn.nextPoll(),
    };
  // In a stepped rollout the candidate has all of the traffic already.
  const remains =
    unsubmitted(release) === 'stepping' ? `; ${release.version} keeps all traffic beside the old variant` : '';
  if (!missesConfig(error)) return turn.conclude(reasonOfError(error), `${describe(error)}${remains}`);
  if (!(await isNew(turn))) return turn.conclude('config-missing', `${describe(error)}${remains}`);
  return {
    because: `SageMaker does not see ${release.candidate.endpointConfig} yet, which is new; trying again`,
    percent: 10,
    notBefore: world.clock.now() + pause,
  };
};

/** The config of the release is so new that SageMaker may not show it everywhere. */
const isNew = async ({ world, release }: Turn): Promise<boolean> => {
  const { endpointConfig } = release.candidate;
  const ours = await orUndefined(world.read.sagemaker.describeEndpointConfig({ EndpointConfigName: endpointConfig }));
  return ours !== undefined && world.clock.now() < (ours.CreationTime?.getTime() ?? 0) + settlingIn;
};

/** CreateEndpoint ignores the case of letters, and a lookup does not (AWS: CreateEndpoint, EndpointName). */
const isHidden = async (turn: Turn): Promise<boolean> =>
  !(await isNew(turn)) && (await observe(turn.world, turn.endpoint)) === undefined;

const hidden = ({ endpoint }: Turn): string =>
  `SageMaker has an endpoint of this name already, but none that is spelled ${endpoint}: write its name in the manifest as SageMaker shows it, with the same capital letters`;

const send = async (
  { world, endpoint, release }: Turn,
  endpointTags: Readonly<Record<string, string>>,
): Promise<void> => {
  const { sagemaker } = writesOf(world);
  const names = { EndpointName: endpoint, EndpointConfigName: release.candidate.endpointConfig };
  const { submission } = release;
  if (submission.kind === 'create') {
    await sagemaker.createEndpoint({ ...names, Tags: tags(endpointTags) });
    return;
  }
  await sagemaker.updateEndpoint({
    ...names,
    // An update must never throw away scaled-out capacity (rule 4).
    RetainAllVariantProperties: true,
    ...('exclude' in submission && submission.exclude.length > 0
      ? { ExcludeRetainedVariantProperties: submission.exclude.map((VariantPropertyType) => ({ VariantPropertyType })) }
      : {}),
    ...(submission.mechanism === 'guardrail' ? { DeploymentConfig: submission.deployment as DeploymentConfig } : {}),
  });
};

const sentence = ({ endpoint, release }: Turn): string =>
  release.submission.kind === 'create'
    ? `creating ${endpoint} with ${release.candidate.endpointConfig}`
    : `updating ${endpoint} from ${release.baseline?.endpointConfig ?? 'nothing'} to ${release.candidate.endpointConfig}`;

/**
 * The record has the announcement of the submission, but its arrival is unknown. It arrived when the endpoint moved. When the endpoint
 * did not move within the grace period, the call never arrived, and the release goes back to the phase before it. When the endpoint moved
 * and the old configuration serves again, supervision reports it (rule 9: no automatic second submission).
 */
export const confirmSubmission = async (turn: Turn): Promise<TurnResult> => {
  const { world, endpoint, release } = turn;
  const live = await observe(world, endpoint);
  if (arrived(live, turn)) {
    await turn.save({ phase: 'supervising' });
    return { because: 'the submission had arrived', percent: 15 };
  }
  const {
    submittedAt = release.startedAt,
    unansweredAt = submittedAt,
    modifiedAt: _,
    ...witnessed
  } = release.witnessed;
  // The call may have been under way for half a minute before the client gave it up.
  if (world.clock.now() < unansweredAt + grace)
    return { because: 'waiting to see whether the submission arrived', percent: 12, notBefore: turn.nextPoll() };
  await turn.save({ phase: unsubmitted(release), witnessed });
  return { because: 'the submission never arrived; submitting again', percent: 10 };
};

const arrived = (live: LiveEndpoint | undefined, { release }: Turn): boolean =>
  live !== undefined && (named(live, release) || moved(live, release));

/** The endpoint shows this release's configuration. */
const named = (live: LiveEndpoint, { candidate, baseline }: Release): boolean =>
  live.pending?.endpointConfig === candidate.endpointConfig ||
  // After UpdateRollbackFailed the way back may lead to the configuration whose name the endpoint shows already.
  (live.endpointConfig === candidate.endpointConfig && baseline?.endpointConfig !== candidate.endpointConfig);

/** The endpoint changed since the announcement. AWS's own time stamps are compared: its clock and ours differ. */
export const moved = (live: LiveEndpoint, { witnessed }: Release): boolean => live.modifiedAt !== witnessed.modifiedAt;
