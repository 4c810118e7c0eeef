import {
  AcknowledgeJobCommand,
  CodePipelineClient,
  CreateCustomActionTypeCommand,
  type CreateCustomActionTypeInput,
  CreatePipelineCommand,
  GetPipelineExecutionCommand,
  type Job,
  ListActionExecutionsCommand,
  ListPipelineExecutionsCommand,
  type PipelineDeclaration,
  PollForJobsCommand,
} from '@aws-sdk/client-codepipeline';
import type { Simulator } from '../../../simulator/contracts.ts';
import { type SimulatorOptions, startSimulator } from '../../../simulator/simulator.ts';
import { keysOf } from '../support/account.ts';

export const definition: CreateCustomActionTypeInput = {
  category: 'Deploy',
  provider: 'Shipper',
  version: '1',
  settings: {
    entityUrlTemplate: 'https://example.com/{Config:Where}',
    executionUrlTemplate: 'https://example.com/{Config:Where}/{ExternalExecutionId}',
  },
  configurationProperties: [
    {
      ...{ name: 'Where', required: true, key: true, secret: false, queryable: true },
      ...{ description: 'The port.', type: 'String' as const },
    },
    { name: 'Password', required: false, key: false, secret: true },
  ],
  inputArtifactDetails: { minimumCount: 0, maximumCount: 5 },
  outputArtifactDetails: { minimumCount: 0, maximumCount: 0 },
};
export const actionTypeId = { category: 'Deploy', owner: 'Custom', provider: 'Shipper', version: '1' } as const;

type Action = NonNullable<NonNullable<PipelineDeclaration['stages']>[number]['actions']>[number];

export const ship = (name: string, more: Partial<Action> = {}): Action => ({
  name,
  actionTypeId,
  configuration: { Where: 'port' },
  ...more,
});

export const pipelineWith = (
  stages: readonly (readonly Action[])[],
  more: Partial<PipelineDeclaration> = {},
): PipelineDeclaration => ({
  name: 'harbour',
  roleArn: 'arn:aws:iam::111122223333:role/pipeline',
  pipelineType: 'V2',
  artifactStore: { type: 'S3', location: 'ml-artifacts' },
  stages: [
    {
      name: 'Source',
      actions: [
        {
          name: 'Goods',
          actionTypeId: { category: 'Source', owner: 'AWS', provider: 'S3', version: '1' },
          configuration: { S3Bucket: 'ml-artifacts', S3ObjectKey: 'goods.zip' },
          outputArtifacts: [{ name: 'Goods' }],
          namespace: 'Source',
        },
      ],
    },
    ...stages.map((actions, i) => ({ name: `Stage${i + 1}`, actions: [...actions] })),
  ],
  ...more,
});

/** An account with the action type above, and something to ship; the stock SDK client in front of it. */
export const openHarbour = async (options: SimulatorOptions = {}) => {
  const simulator: Simulator = await startSimulator(options);
  const client = new CodePipelineClient({
    endpoint: simulator.url,
    region: 'eu-west-1',
    maxAttempts: 1,
    credentials: keysOf(simulator.environment()),
  });
  await client.send(new CreateCustomActionTypeCommand(definition));
  simulator.objects.put('ml-artifacts', 'goods.zip', Buffer.from('goods'));

  const poll = async (most = 10): Promise<Job[]> =>
    (await client.send(new PollForJobsCommand({ actionTypeId, maxBatchSize: most }))).jobs ?? [];
  return {
    simulator,
    client,
    poll,
    /** Creates the pipeline, which starts it. @returns the execution's id */
    start: async (...pipeline: Parameters<typeof pipelineWith>): Promise<string> => {
      await client.send(new CreatePipelineCommand({ pipeline: pipelineWith(...pipeline) }));
      const { pipelineExecutionSummaries } = await client.send(
        new ListPipelineExecutionsCommand({ pipelineName: 'harbour' }),
      );
      return pipelineExecutionSummaries?.[0]?.pipelineExecutionId ?? '';
    },
    /** Polled and acknowledged. */
    take: async (): Promise<Job & { readonly id: string }> => {
      const [job] = await poll(1);
      if (job?.id === undefined) throw new Error('there is no job');
      await client.send(new AcknowledgeJobCommand({ jobId: job.id, nonce: job.nonce }));
      return { ...job, id: job.id };
    },
    status: async (pipelineExecutionId: string): Promise<string | undefined> =>
      (await client.send(new GetPipelineExecutionCommand({ pipelineName: 'harbour', pipelineExecutionId })))
        .pipelineExecution?.status,
    /** Newest first. */
    actions: async () =>
      (await client.send(new ListActionExecutionsCommand({ pipelineName: 'harbour' }))).actionExecutionDetails ?? [],
    pass: (ms: number): Promise<void> => simulator.driver.sleepUntil(simulator.clock.now() + ms),
  };
};
export type Harbour = Awaited<ReturnType<typeof openHarbour>>;
