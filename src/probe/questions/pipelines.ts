import { minutes, seconds } from '../../clock.ts';
import { stageMark, typeUrl } from '../mark.ts';
import { Undecided } from '../observation.ts';
import { question } from '../question.ts';
import { makeAlarm, setAlarm, stages } from '../stage.ts';
import type { ProbeWorld } from '../world.ts';

type Category = 'Source' | 'Test';
interface Job {
  readonly id: string;
  readonly nonce: string;
  readonly data?: { readonly continuationToken?: string };
}

const codepipeline = <Answer = object>(world: ProbeWorld, operation: string, input: object): Promise<Answer> =>
  world.call<Answer>('codepipeline', operation, input);

const typeOf = (world: ProbeWorld, category: Category) => ({ category, provider: world.name('type'), version: '1' });
const definitionOf = (world: ProbeWorld, category: Category): object => ({
  ...typeOf(world, category),
  settings: { entityUrlTemplate: typeUrl(world.run) },
  inputArtifactDetails: { minimumCount: 0, maximumCount: 0 },
  outputArtifactDetails: { minimumCount: 0, maximumCount: 0 },
});

/** Two stages with one action of an own type each, whose jobs this program answers. Its creation starts it. */
const startPipeline = async (world: ProbeWorld, part: string, last: object = {}): Promise<string> => {
  const { pipelineRole, bucket } = world.given;
  if (pipelineRole === undefined) throw new Undecided('it needs a role for CodePipeline: give --pipeline-role');
  for (const category of ['Source', 'Test'] as const)
    await codepipeline(world, 'CreateCustomActionType', definitionOf(world, category));
  const actionOf = (category: Category): object => ({
    name: category,
    actionTypeId: { ...typeOf(world, category), owner: 'Custom' },
  });
  const name = world.name(part);
  await codepipeline(world, 'CreatePipeline', {
    pipeline: {
      name,
      roleArn: pipelineRole,
      pipelineType: 'V2',
      artifactStore: { type: 'S3', location: bucket },
      stages: [
        { name: stageMark(world.run), actions: [actionOf('Source')] },
        { name: 'Test', actions: [actionOf('Test')], ...last },
      ],
    },
  });
  return name;
};

const poll = async (world: ProbeWorld, category: Category): Promise<Job | undefined> => {
  const { jobs = [] } = await codepipeline<{ readonly jobs?: readonly Job[] }>(world, 'PollForJobs', {
    actionTypeId: { ...typeOf(world, category), owner: 'Custom' },
    maxBatchSize: 1,
  });
  return jobs[0];
};
const offered = (world: ProbeWorld, category: Category) =>
  world.until('a job', seconds(5), minutes(10), () => poll(world, category));

const acknowledge = (world: ProbeWorld, { id, nonce }: Job) =>
  world.attempt('codepipeline', 'AcknowledgeJob', { jobId: id, nonce });

/** Polled, acknowledged, and answered with success. */
const finish = async (world: ProbeWorld, category: Category): Promise<void> => {
  const { found } = await offered(world, category);
  await acknowledge(world, found);
  await codepipeline(world, 'PutJobSuccessResult', { jobId: found.id });
};

const type = ['codepipeline:CreateCustomActionType'];
const jobs = [
  ...type,
  'codepipeline:CreatePipeline',
  'iam:PassRole',
  'codepipeline:PollForJobs',
  'codepipeline:AcknowledgeJob',
  'codepipeline:PutJobSuccessResult',
];

/** Shorter than the wait of the rule, and longer than an evaluation of it. */
const waitMinutes = 5;

export const pipelines = [
  question({
    id: 'action-type',
    asks: 'Does CreateCustomActionType refuse a type that exists with the same definition?',
    decides: ['sameActionTypeAgain'],
    source: 'codesuite.md',
    actions: type,
    instances: 0,
    minutes: 5,
    async ask(world) {
      await codepipeline(world, 'CreateCustomActionType', definitionOf(world, 'Test'));
      const again = await world.attempt('codepipeline', 'CreateCustomActionType', definitionOf(world, 'Test'));
      return { refused: 'refused' in again ? again.refused : null };
    },
    read: ({ refused }) => ({ sameActionTypeAgain: refused === null ? 'accepted' : 'refused' }),
  }),

  question({
    id: 'jobs',
    asks: 'When is a job offered again that nobody acknowledged, may it be acknowledged twice, and when does a continuation token come back?',
    decides: ['jobOfferedAgainMs', 'repeatedAcknowledge', 'continuationDelayMs'],
    source: 'codesuite.md',
    actions: jobs,
    instances: 0,
    minutes: 45,
    async ask(world) {
      await startPipeline(world, 'jobs');
      await offered(world, 'Source');
      const again = await offered(world, 'Source');
      const first = await acknowledge(world, again.found);
      if ('refused' in first) throw new Undecided(`AcknowledgeJob was refused: ${first.refused.message}`);
      const second = await acknowledge(world, again.found);
      await codepipeline(world, 'PutJobSuccessResult', { jobId: again.found.id, continuationToken: 'again' });
      const { after } = await world.until('the job with the token', seconds(5), minutes(20), async () =>
        (await poll(world, 'Source'))?.data?.continuationToken === 'again' ? true : undefined,
      );
      return {
        offeredAgain: again.after,
        repeated: 'refused' in second ? second.refused : null,
        continued: after,
      };
    },
    read: ({ offeredAgain, repeated, continued }) => ({
      jobOfferedAgainMs: offeredAgain,
      repeatedAcknowledge: repeated === null ? 'accepted' : 'refused',
      continuationDelayMs: continued,
    }),
  }),

  question({
    id: 'success-alarm',
    asks: 'Does the rule CloudWatchAlarm after a stage watch an alarm in OK for its WaitTime, or is it met at once?',
    decides: ['successAlarmRule'],
    source: 'codesuite.md',
    actions: [...jobs, ...stages.alarm, 'codepipeline:ListPipelineExecutions'],
    instances: 0,
    minutes: 45,
    async ask(world) {
      const AlarmName = await makeAlarm(world, 'success');
      await setAlarm(world, AlarmName, 'OK');
      const pipelineName = await startPipeline(world, 'success', {
        onSuccess: {
          conditions: [
            {
              result: 'FAIL',
              rules: [
                {
                  name: 'Alarm',
                  ruleTypeId: { category: 'Rule', owner: 'AWS', provider: 'CloudWatchAlarm', version: '1' },
                  configuration: { AlarmName, WaitTime: String(waitMinutes) },
                },
              ],
            },
          ],
        },
      });
      await finish(world, 'Source');
      await finish(world, 'Test');
      const { after, found } = await world.until('the end of the pipeline', seconds(10), minutes(20), async () => {
        const { pipelineExecutionSummaries: all = [] } = await codepipeline<{
          readonly pipelineExecutionSummaries?: readonly { readonly status?: string }[];
        }>(world, 'ListPipelineExecutions', { pipelineName });
        const status = all[0]?.status;
        return status === 'InProgress' ? undefined : status;
      });
      if (found !== 'Succeeded') throw new Undecided(`the pipeline ended ${found}`);
      return { after };
    },
    read: ({ after }) => ({
      successAlarmRule: after.from >= minutes(waitMinutes - 1) ? 'watches' : 'waits-for-ok',
    }),
  }),
];
