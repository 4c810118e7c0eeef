import { minutes, seconds } from '../../clock.ts';
import { type Span, Undecided } from '../observation.ts';
import { question } from '../question.ts';
import { launchLimit, lookMs, makeModel, stages } from '../stage.ts';
import type { ProbeWorld } from '../world.ts';

interface Job {
  readonly TransformJobStatus?: string;
  readonly FailureReason?: string;
  readonly CreationTime?: number;
  readonly TransformStartTime?: number;
}

const job = ['sagemaker:CreateTransformJob', 'sagemaker:DescribeTransformJob', 'sagemaker:AddTags'];
const input = ['s3:PutObject'];

const describe = (world: ProbeWorld, TransformJobName: string): Promise<Job> =>
  world.call<Job>('sagemaker', 'DescribeTransformJob', { TransformJobName });

/** A job over one line of CSV, in a file in a folder below the prefix. */
const start = async (world: ProbeWorld, part: string, more: object = {}): Promise<string> => {
  const { bucket, body, contentType, instance } = world.given;
  const model = await makeModel(world, part);
  const folder = `${world.prefix}${part}`;
  await world.s3('PutObject', { key: `${folder}/input/inner/rows.csv`, body: `${body}\n` });
  const TransformJobName = world.name(part);
  await world.make('CreateTransformJob', {
    TransformJobName,
    ModelName: model,
    TransformInput: {
      DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: `s3://${bucket}/${folder}/input` } },
      ContentType: contentType,
      SplitType: 'Line',
    },
    TransformOutput: { S3OutputPath: `s3://${bucket}/${folder}/output`, AssembleWith: 'Line', Accept: contentType },
    TransformResources: { InstanceType: instance, InstanceCount: 1 },
    ...more,
  });
  return TransformJobName;
};

const outputs = async (world: ProbeWorld, part: string): Promise<readonly string[]> => {
  const prefix = `${world.prefix}${part}/output/`;
  const { text } = await world.s3('ListObjectsV2', { query: { 'list-type': '2', prefix } });
  return [...text.matchAll(/<Key>([^<]+)</g)].map(([, key = '']) => key.slice(prefix.length));
};

export const transform = [
  question({
    id: 'transform',
    asks: 'How long does a transform job take to start, how are its outputs named, and does a slice of its filter have its end?',
    decides: ['transformStartMs', 'transformOutputNames', 'transformSliceEnd'],
    source: 'sagemaker.md §7.3, breadth.md §8',
    actions: [...stages.model, ...job, ...input, 's3:GetObject'],
    instances: 1,
    minutes: 60,
    async ask(world) {
      // The input stands before the answer of the model: the filter leaves the first columns of the input, whatever the model says.
      const name = await start(world, 'transform', {
        DataProcessing: { JoinSource: 'Input', OutputFilter: '$[0:1]' },
      });
      const created = await describe(world, name);
      const { found } = await world.until('the end of the job', lookMs, launchLimit, async () => {
        const state = await describe(world, name);
        return state.TransformJobStatus === 'InProgress' ? undefined : state;
      });
      if (found.TransformJobStatus !== 'Completed')
        throw new Undecided(`the job ended ${found.TransformJobStatus}: ${found.FailureReason}`);
      const names = await outputs(world, 'transform');
      const [first] = names;
      const { text } =
        first === undefined
          ? { text: '' }
          : await world.s3('GetObject', { key: `${world.prefix}transform/output/${first}` });
      const { CreationTime: from = Number.NaN, TransformStartTime: to = Number.NaN } = { ...created, ...found };
      return {
        started: Number.isNaN(to - from)
          ? null
          : ({ from: (to - from - 1) * 1000, to: (to - from + 1) * 1000 } as Span),
        names,
        columns: text.trim().split(',').length,
      };
    },
    read: ({ started, names, columns }) => ({
      transformStartMs: started ?? undefined,
      transformOutputNames: names.length !== 1 ? undefined : names[0]?.includes('/') ? 'below-prefix' : 'of-files',
      transformSliceEnd: columns === 2 ? 'included' : columns === 1 ? 'excluded' : undefined,
    }),
  }),

  question({
    id: 'transform-stop',
    asks: 'How long does a transform job take to stop?',
    decides: ['transformStopMs'],
    source: 'sagemaker.md §7.3',
    actions: [...stages.model, ...job, ...input, 'sagemaker:StopTransformJob'],
    instances: 1,
    minutes: 45,
    async ask(world) {
      const TransformJobName = await start(world, 'stop');
      await world.sleep(seconds(30));
      await world.call('sagemaker', 'StopTransformJob', { TransformJobName });
      const { after, found } = await world.until('the end of the job', seconds(2), minutes(40), async () => {
        const { TransformJobStatus: status } = await describe(world, TransformJobName);
        return status === 'InProgress' || status === 'Stopping' ? undefined : (status ?? '');
      });
      if (found !== 'Stopped') throw new Undecided(`the job ended ${found}`);
      return { after };
    },
    read: ({ after }) => ({ transformStopMs: after }),
  }),
];
