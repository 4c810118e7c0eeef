import { readFileSync } from 'node:fs';
import {
  PutJobFailureResultCommand,
  PutJobSuccessResultCommand,
  RetryStageExecutionCommand,
  StartPipelineExecutionCommand,
  StopPipelineExecutionCommand,
} from '@aws-sdk/client-codepipeline';
import { afterEach, expect, test } from '@jest/globals';
import { type Harbour, openHarbour, ship } from './support.ts';

// CodePipeline user guide, "Monitoring CodePipeline events".

interface Event {
  readonly id: string;
  readonly 'detail-type': string;
  readonly detail: Readonly<Record<string, unknown>> & { readonly state: string };
}

let harbour: Harbour;
afterEach(() => harbour.simulator.close());

const all = { source: ['aws.codepipeline'] };
const listen = (pattern: Parameters<Harbour['simulator']['eventRules']['add']>[0] = all): Event[] => {
  const seen: Event[] = [];
  harbour.simulator.eventRules.add(pattern, (event) => void seen.push(event as Event));
  return seen;
};
const inWords = ({ 'detail-type': type, detail }: Event): string =>
  [type.split(' ')[1], detail['stage'], detail['action'], detail.state].filter(Boolean).join(' ');

test('every change of state is an event; of a retry, too', async () => {
  harbour = await openHarbour();
  const seen = listen();
  const id = await harbour.start([[ship('Ship', { inputArtifacts: [{ name: 'Goods' }] })]]);
  const first = await harbour.take();
  await harbour.client.send(
    new PutJobFailureResultCommand({ jobId: first.id, failureDetails: { type: 'JobFailed', message: 'no boat' } }),
  );
  await harbour.client.send(
    new RetryStageExecutionCommand({
      pipelineName: 'harbour',
      pipelineExecutionId: id,
      stageName: 'Stage1',
      retryMode: 'FAILED_ACTIONS',
    }),
  );
  const second = await harbour.take();
  await harbour.client.send(new PutJobSuccessResultCommand({ jobId: second.id }));
  expect(seen).toEqual([]);
  await harbour.pass(1_000);
  expect(seen.map(inWords)).toEqual([
    'Pipeline STARTED',
    'Stage Source STARTED',
    'Action Source Goods STARTED',
    'Action Source Goods SUCCEEDED',
    'Stage Source SUCCEEDED',
    'Stage Stage1 STARTED',
    'Action Stage1 Ship STARTED',
    'Action Stage1 Ship FAILED',
    'Stage Stage1 FAILED',
    'Pipeline FAILED',
    'Pipeline RESUMED',
    'Stage Stage1 RESUMED',
    'Action Stage1 Ship STARTED',
    'Action Stage1 Ship SUCCEEDED',
    'Stage Stage1 SUCCEEDED',
    'Pipeline SUCCEEDED',
  ]);
  expect(seen[6]).toEqual({
    version: '0',
    id: expect.any(String),
    'detail-type': 'CodePipeline Action Execution State Change',
    source: 'aws.codepipeline',
    account: '111122223333',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    region: 'eu-west-1',
    resources: ['arn:aws:codepipeline:eu-west-1:111122223333:harbour'],
    detail: {
      pipeline: 'harbour',
      'execution-id': id,
      'start-time': expect.any(String),
      stage: 'Stage1',
      'action-execution-id': expect.any(String),
      action: 'Ship',
      state: 'STARTED',
      region: 'eu-west-1',
      type: { owner: 'Custom', category: 'Deploy', provider: 'Shipper', version: '1' },
      'input-artifacts': [{ name: 'Goods', s3location: { bucket: 'ml-artifacts', key: expect.any(String) } }],
      version: 1,
      'pipeline-execution-attempt': 1,
    },
  });
  expect(seen[7]?.detail['execution-result']).toMatchObject({ 'error-code': 'JobFailed' });
  expect(seen[11]?.detail).toMatchObject({
    'pipeline-execution-attempt': 2,
    'stage-last-retry-attempt-time': expect.any(String),
  });
});

test('a stopped execution and one that is superseded say so', async () => {
  harbour = await openHarbour();
  const seen = listen({ ...all, 'detail-type': ['CodePipeline Pipeline Execution State Change'] });
  const id = await harbour.start([[ship('Ship')]]);
  const start = () => harbour.client.send(new StartPipelineExecutionCommand({ name: 'harbour' }));
  await start();
  await start();
  const stop = { pipelineName: 'harbour', pipelineExecutionId: id, abandon: true, reason: 'ebb' };
  await harbour.client.send(new StopPipelineExecutionCommand(stop));
  await harbour.pass(1_000);
  expect(seen.map(inWords)).toEqual([
    'Pipeline STARTED',
    'Pipeline STARTED',
    'Pipeline STARTED',
    'Pipeline SUPERSEDED',
    'Pipeline STOPPING',
    'Pipeline STOPPED',
  ]);
  expect(seen[4]?.detail['stop-execution-comments']).toBe('ebb');
});

test('events come more than once, and overtake each other, where the settings say so', async () => {
  harbour = await openHarbour({ settings: { eventCopies: 3, eventJitterMs: 60_000 } });
  const seen = listen();
  await harbour.start([[ship('Ship')]]);
  await harbour.pass(62_000);
  expect(seen).toHaveLength(7 * 3);
  const ids = [...new Set(seen.map(({ id }) => id))];
  expect(ids).toHaveLength(7);
  const states = seen.map(inWords);
  expect(states.indexOf('Pipeline STARTED')).toBeGreaterThan(0);
});

test('the pattern that wakes a worker takes the start of its actions and nothing else', async () => {
  harbour = await openHarbour();
  const [, documented = ''] =
    /```json\n(\{\n {2}"source": \["aws.codepipeline"\][\s\S]*?)```/.exec(
      readFileSync('codebuild/README.md', 'utf8'),
    ) ?? [];
  const others = listen(JSON.parse(documented));
  const own = listen(JSON.parse(documented.replace('md-', 'Ship')));
  await harbour.start([[ship('Ship')]]);
  await harbour.pass(1_000);
  expect(own.map(inWords)).toEqual(['Action Stage1 Ship STARTED']);
  expect(others).toEqual([]);
});

test.each([{ suffix: 'ED' }, { 'anything-but': { prefix: 'S' } }, { prefix: 'S', exists: true }])(
  'the filter %j of a pattern is not simulated',
  async (filter) => {
    harbour = await openHarbour();
    expect(() => listen({ detail: { state: [filter as never] } })).toThrow(
      `event pattern, state: the filter ${JSON.stringify(filter)} is not simulated`,
    );
  },
);

test.each<[string | readonly string[], boolean]>([
  ['STARTED', false],
  [['STARTED', 'RESUMED'], false],
  // A text is a whole value, and no part of one.
  ['STARTED AGAIN', true],
])('a pattern of anything but %j: STARTED is taken: %s', async (others, isTaken) => {
  harbour = await openHarbour();
  const seen = listen({ detail: { state: [{ 'anything-but': others }] } });
  await harbour.start([[ship('Ship')]]);
  await harbour.pass(62_000);
  const states = seen.map(({ detail }) => detail.state);
  expect([states.includes('STARTED'), states.includes('SUCCEEDED')]).toEqual([isTaken, true]);
});
