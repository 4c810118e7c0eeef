import { classify, describe, isRefused, missesConfig, orUndefined } from '../aws/errors.ts';
import { reasonOfError } from '../aws/reason.ts';
import { AnswerLost } from '../aws/retry.ts';
import type { DeploymentConfig } from '../aws/sagemaker.ts';
import { minutes, seconds } from '../clock.ts';
import { inProgress, type LiveEndpoint, observe } from '../endpoint/observe.ts';
import { tags } from '../endpoint/tags.ts';
import type { Phase, Release } from '../release/record.ts';
import { writesOf } from '../world.ts';
import { type Guard, refuseWithdrawn } from './approval.ts';
import { alarmStates } from './release-alarms.ts';
import type { Turn, TurnResult } from './turn.ts';

/** Right after an update DescribeEndpoint may still show the state before it (reference/sagemaker.md §2.7 rule 5). */
export const grace = seconds(60);

/**
 * Announces the submission in the record, then submits: whoever finds the record afterwards knows that the call may have been
 * made. UpdateEndpoint has no idempotency token, so a lost answer is looked at, never sent again blindly.
 * @param guard looks at approval and content again, last thing before the announcement (DESIGN §7 rule 18)
 */
export const submit = async (
  turn: Turn,
  endpointTags: Readonly<Record<string, string>>,
  guard: Guard = refuseWithdrawn,
): Promise<TurnResult> => {
  const { world, endpoint, release } = turn;
  const live = await observe(world, endpoint);
  // An earlier submission whose answer was lost had arrived after all: nobody else submits a content-addressed configuration.
  if (live !== undefined && named(live, release)) {
    await turn.save({
      phase: 'supervising',
      witnessed: { ...release.witnessed, submittedAt: release.witnessed.submittedAt ?? release.startedAt },
    });
    return { because: 'the submission had arrived', percent: 15 };
  }
  if (live !== undefined && inProgress(live.status)) {
    // Others may take hours: a rejection meanwhile ends the release at once.
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
      `the endpoint serves ${live?.endpointConfig ?? 'nothing'}, and the plan was made over ${release.baseline?.endpointConfig ?? 'nothing'}`,
    );
  if (release.submission.kind === 'none')
    return (
      (await guard(turn)) ??
      turn.conclude(
        'delivered',
        `${endpoint} served ${release.version} already; what is around it was brought up to date`,
      )
    );
  const told = stoppedBeforeSubmission(turn);
  if (told !== undefined) return told;
  const { red } = await alarmStates(turn);
  // Rule 6: it may have gone off while the endpoint had to be waited for.
  if (red.length > 0)
    return turn.conclude(
      'alarm-not-ready',
      `nothing was submitted: ${red.join(', ')} went off before the update began`,
    );
  const withdrawn = await guard(turn);
  if (withdrawn !== undefined) return withdrawn;

  const { failureReason } = live ?? {};
  const announced = await turn.save({
    phase: 'submitting',
    witnessed: {
      ...release.witnessed,
      submittedAt: world.clock.now(),
      ...(live ? { modifiedAt: live.modifiedAt } : {}),
      ...(failureReason === undefined ? {} : { staleFailureReason: failureReason }),
    },
  });
  try {
    await send(announced, endpointTags);
  } catch (error) {
    if (error instanceof AnswerLost) {
      await announced.save({ witnessed: { ...announced.release.witnessed, unansweredAt: world.clock.now() } });
      return {
        because: 'the answer to the submission was lost; looking at the endpoint',
        percent: 12,
        notBefore: turn.nextPoll(),
      };
    }
    // Refused outright: nothing was started, so the announcement is taken back.
    return refused(await announced.save({ phase: unsubmitted(release), witnessed: release.witnessed }), error);
  }
  await announced.save({ phase: 'supervising' });
  return { because: `submitted: ${sentence(announced)}`, percent: 15, notBefore: turn.nextPoll() };
};

/**
 * The phase of a release whose submission did not take place. With steps the candidate has all of the traffic by then: whoever ends such
 * a release takes that back first, so it must not look like one that has moved nothing.
 */
const unsubmitted = ({ stepping, takenBack }: Release): Phase =>
  stepping !== undefined && takenBack === undefined ? 'stepping' : 'preparing';

/** Told to stop before it began: then it does not begin. */
export const stoppedBeforeSubmission = (turn: Turn): Promise<TurnResult> | undefined => {
  const asked = turn.release.commands.find(({ command }) => command === 'abort');
  return (
    asked &&
    turn.conclude('aborted-by-hand', `nothing was submitted: ${asked.by} stoppedBeforeSubmission it: ${asked.why}`)
  );
};

/** How long after its creation a lookup may still miss a configuration (AWS: CreateEndpointConfig, eventual consistency). */
const settlingIn = seconds(30);
/** Between two tries within it. */
const pause = seconds(5);

/** A refusal ends the release, so that what was made ready for it is put back; what time alone will heal is waited for. */
const refused = async (turn: Turn, error: unknown): Promise<TurnResult> => {
  if (!isRefused(error)) throw error;
  const kind = classify(error);
  // Exists already: somebody created it meanwhile; the next look says whose it is.
  if (kind === 'in-progress' || kind === 'already-exists')
    return {
      because: 'the endpoint is being changed by somebody else; waiting',
      percent: 10,
      notBefore: turn.nextPoll(),
    };
  const { world, release } = turn;
  // A stepped rollout publishes what has all of the traffic already.
  const remains =
    unsubmitted(release) === 'stepping' ? `; ${release.version} keeps all traffic beside the old variant` : '';
  if (!missesConfig(error)) return turn.conclude(reasonOfError(error), `${describe(error)}${remains}`);
  const ours = await orUndefined(
    world.read.sagemaker.describeEndpointConfig({ EndpointConfigName: release.candidate.endpointConfig }),
  );
  if (ours === undefined || world.clock.now() >= (ours.CreationTime?.getTime() ?? 0) + settlingIn)
    return turn.conclude('config-missing', `${describe(error)}${remains}`);
  return {
    because: `SageMaker does not see ${release.candidate.endpointConfig} yet, which is new; trying again`,
    percent: 10,
    notBefore: world.clock.now() + pause,
  };
};

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
    ...(submission.exclude.length > 0
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
 * The record says that the submission was announced, and nobody knows whether it arrived. It did when the endpoint moved; when it
 * did not move within the grace period, the call never arrived and the release goes back to the phase before it. When it moved and the old
 * configuration serves again, supervision says so (rule 9: never resubmitted by itself).
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
  // The call may have been under way for half a minute before it was given up.
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
  // After UpdateRollbackFailed the way home may lead to the configuration that is named already.
  (live.endpointConfig === candidate.endpointConfig && baseline?.endpointConfig !== candidate.endpointConfig);

/** Changed since the submission was announced. By AWS's own stamps: its clock and ours differ. */
export const moved = (live: LiveEndpoint, { witnessed }: Release): boolean => live.modifiedAt !== witnessed.modifiedAt;
