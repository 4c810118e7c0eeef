import {
  GetPipelineStateCommand,
  ListRuleExecutionsCommand,
  type PipelineDeclaration,
  PutJobFailureResultCommand,
  PutJobSuccessResultCommand,
  StopPipelineExecutionCommand,
} from '@aws-sdk/client-codepipeline';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { OutsideEnd, OutsideStart } from '../../../simulator/contracts.ts';
import type { SimulatorOptions } from '../../../simulator/simulator.ts';
import { refusalOf } from '../support/account.ts';
import { type Harbour, openHarbour, pipelineWith, ship } from './support.ts';

// CodePipeline user guide: the rule references "DeploymentWindow", "LambdaInvoke", "CodeBuild" and "Commands".

type Stage = NonNullable<PipelineDeclaration['stages']>[number];
type Rule = NonNullable<
  NonNullable<NonNullable<NonNullable<Stage['beforeEntry']>['conditions']>[number]['rules']>[number]
>;

const minute = 60_000;
let harbour: Harbour;
const open = async (options: SimulatorOptions = {}): Promise<void> => {
  harbour = await openHarbour(options);
};
afterEach(() => harbour.simulator.close());

const rule = (provider: string, configuration: Record<string, string>, more: Partial<Rule> = {}): Rule => ({
  name: 'Check',
  ruleTypeId: { category: 'Rule', owner: 'AWS', provider, version: '1' },
  configuration,
  ...more,
});
const start = (checked: Rule, when: 'beforeEntry' | 'onSuccess' | 'onFailure' = 'beforeEntry'): Promise<string> => {
  const { stages = [] } = pipelineWith([[ship('Ship')], [ship('Sell')]]);
  const condition = {
    [when]: { conditions: [{ result: when === 'onFailure' ? 'ROLLBACK' : 'FAIL', rules: [checked] }] },
  };
  return harbour.start([], {
    stages: stages.map((stage) => (stage.name === 'Stage1' ? { ...stage, ...condition } : stage)),
  });
};
const seen = async () => {
  const listed = await harbour.client.send(new ListRuleExecutionsCommand({ pipelineName: 'harbour' }));
  const [found] = listed.ruleExecutionDetails ?? [];
  return [found?.status, found?.output?.executionResult?.externalExecutionSummary];
};
const offered = async (): Promise<number> => (await harbour.poll()).length;

describe('DeploymentWindow', () => {
  // The clock begins on Monday, 5 January 2026, at 09:00 UTC.
  test.each<[string, string, string, boolean]>([
    ['the hour', '0 * 9-17 ? * MON-FRI *', 'UTC', true],
    ['another hour', '* * 10-17 ? * MON-FRI', 'UTC', false],
    ['the weekend', '* * * ? * SAT,SUN *', 'UTC', false],
    ['a city ahead of UTC', '* * 10 ? * MON *', 'Europe/Berlin', true],
    ['a distance from UTC', '* 30 14 * * ? 2026', 'UTC+05:30', true],
    ['a distance behind UTC', '* * 6 5 JAN ?', 'UTC-03:00', true],
    ['a short name', '* * 1 ? * MON', 'PST', true],
  ])('by %s', async (_name, Cron, TimeZone, isOpen) => {
    await open();
    await start(rule('DeploymentWindow', { Cron, TimeZone }));
    expect(await seen()).toEqual([
      isOpen ? 'Succeeded' : 'Failed',
      `The deployment window ${Cron} is ${isOpen ? 'open' : 'closed'}`,
    ]);
    expect(await offered()).toBe(isOpen ? 1 : 0);
  });

  test('may wait until it opens, for as long as the rule has time', async () => {
    await open({ settings: { closedWindowRule: 'waits' } });
    const id = await start(rule('DeploymentWindow', { Cron: '* * 10 ? * *' }, { timeoutInMinutes: 90 }));
    await harbour.pass(59 * minute);
    expect(await offered()).toBe(0);
    await harbour.pass(2 * minute);
    expect(await offered()).toBe(1);
    await harbour.client.send(
      new StopPipelineExecutionCommand({ pipelineName: 'harbour', pipelineExecutionId: id, abandon: true }),
    );
  });

  test('that does not open in time fails', async () => {
    await open({ settings: { closedWindowRule: 'waits' } });
    const id = await start(rule('DeploymentWindow', { Cron: '* * 12 ? * *' }, { timeoutInMinutes: 90 }));
    await harbour.pass(91 * minute);
    expect(await seen()).toEqual(['Failed', 'The rule did not end within 90 minutes']);
    expect(await harbour.status(id)).toBe('Failed');
  });

  test.each<[string, Record<string, string>, RegExp]>([
    ['too few fields', { Cron: '0 9 * * *' }, /no expression of six or seven fields/],
    ['a value out of range', { Cron: '* 60 * * * ?' }, /no expression of six or seven fields/],
    ['a last day', { Cron: '* * * L * ?' }, /L, W and # in Cron .*: not simulated/],
    ['a third Friday', { Cron: '* * * ? * 6#3' }, /L, W and # in Cron .*: not simulated/],
    ['no time zone', { Cron: '* * * * * ?', TimeZone: 'Nowhere' }, /the time zone 'Nowhere': not simulated/],
    ['no expression', { TimeZone: 'UTC' }, /missing required configuration 'Cron'/],
  ])('%s is refused', async (_name, configuration, expected) => {
    await open();
    expect(await refusalOf(start(rule('DeploymentWindow', configuration)))).toMatch(expected);
  });
});

interface Job {
  readonly id: string;
  readonly data: {
    readonly continuationToken?: string;
    readonly actionConfiguration: object;
    readonly inputArtifacts: object;
  };
}

describe('LambdaInvoke', () => {
  /** @returns the jobs that the function got */
  const withFunction = async (): Promise<Job[]> => {
    await open();
    const jobs: Job[] = [];
    harbour.simulator.functions.define('pilot', async (event) => {
      jobs.push((event as { readonly 'CodePipeline.job': Job })['CodePipeline.job']);
    });
    return jobs;
  };
  const asked = (more: Partial<Rule> = {}): Rule =>
    rule('LambdaInvoke', { FunctionName: 'pilot', UserParameters: 'depth' }, more);
  const succeed = (jobId: string | undefined, more: object = {}) =>
    harbour.client.send(new PutJobSuccessResultCommand({ jobId, ...more }));
  const fail = (jobId: string | undefined) =>
    harbour.client.send(
      new PutJobFailureResultCommand({ jobId, failureDetails: { type: 'JobFailed', message: 'too shallow' } }),
    );

  test('the function gets the event of an action, and lets the execution in', async () => {
    const jobs = await withFunction();
    await start(asked({ inputArtifacts: [{ name: 'Goods' }] }));
    expect(jobs[0]?.data).toMatchObject({
      actionConfiguration: { configuration: { FunctionName: 'pilot', UserParameters: 'depth' } },
      inputArtifacts: [{ name: 'Goods' }],
    });
    expect(await offered()).toBe(0);
    await succeed(jobs[0]?.id, { executionDetails: { summary: 'deep enough' } });
    expect(await seen()).toEqual(['Succeeded', 'deep enough']);
    expect(await offered()).toBe(1);
    expect(await refusalOf(succeed(jobs[0]?.id))).toMatch(/JobNotFound/);
  });

  test('may answer later by a token, which the next event has', async () => {
    const jobs = await withFunction();
    await start(asked());
    await succeed(jobs[0]?.id, { continuationToken: 'half' });
    expect(await seen()).toEqual(['InProgress', undefined]);
    await harbour.pass(minute);
    expect(jobs[1]?.data.continuationToken).toBe('half');
    await fail(jobs[1]?.id);
    expect(await seen()).toEqual(['Failed', 'too shallow']);
  });

  test('an earlier event is no longer answered, also where each answer has the same token', async () => {
    const jobs = await withFunction();
    await start(asked());
    for (let turn = 0; turn < 2; turn++) {
      await succeed(jobs[turn]?.id, { continuationToken: 'half' });
      await harbour.pass(minute);
    }
    expect(new Set(jobs.map(({ id }) => id)).size).toBe(3);
    expect(await refusalOf(fail(jobs[1]?.id))).toMatch(/JobNotFound/);
    expect(await seen()).toEqual(['InProgress', undefined]);
  });

  test('an error meets the criteria after a failure, and no others', async () => {
    const jobs = await withFunction();
    await start(asked(), 'onFailure');
    const job = await harbour.take();
    await fail(job.id);
    await fail(jobs[0]?.id);
    expect(await seen()).toEqual(['Succeeded', 'too shallow']);
    const { stageStates } = await harbour.client.send(new GetPipelineStateCommand({ name: 'harbour' }));
    expect(stageStates?.[1]?.onFailureConditionState?.latestExecution?.status).toBe('Succeeded');
  });

  test('without an answer it fails after 20 minutes; its late answer is refused', async () => {
    const jobs = await withFunction();
    const id = await start(asked());
    await harbour.pass(21 * minute);
    expect((await seen())[1]).toMatch(/^The AWS Lambda function pilot failed to return a result/);
    expect(await harbour.status(id)).toBe('Failed');
    expect(await refusalOf(succeed(jobs[0]?.id))).toMatch(/InvalidJobState/);
  });

  test('without a function it fails', async () => {
    await open();
    await start(asked());
    expect(await seen()).toEqual(['Failed', 'The AWS Lambda function pilot does not exist']);
  });
});

describe('CodeBuild and Commands', () => {
  const build = rule('CodeBuild', { ProjectName: 'dock' }, { inputArtifacts: [{ name: 'Goods' }] });
  const commands = rule('Commands', {}, { commands: ['ls', 'npm test'], inputArtifacts: [{ name: 'Goods' }] });
  const kinds = [
    ['CodeBuild', build, 'build', 'dock'],
    ['Commands', commands, 'commands', 'harbour'],
  ] as const;

  test.each(kinds)('the driver runs what %s starts, and its end decides', async (_name, checked, kind, name) => {
    await open();
    const starts: OutsideStart[] = [];
    const ends: ((end: OutsideEnd) => void)[] = [];
    harbour.simulator.outside.define(kind, name, (given) => {
      starts.push(given);
      return new Promise((resolve) => ends.push(resolve));
    });
    await start(checked);
    expect(starts[0]).toMatchObject({
      ...(kind === 'commands'
        ? { commands: ['ls', 'npm test'], configuration: {} }
        : { configuration: { ProjectName: 'dock' } }),
      artifacts: { Goods: Buffer.from('goods') },
    });
    expect(await offered()).toBe(0);
    ends[0]?.({ succeeded: true });
    await harbour.pass(0);
    expect(await seen()).toEqual(['Succeeded', 'The run succeeded']);
    expect(await offered()).toBe(1);
  });

  test.each(kinds)('a failed run of %s fails the stage', async (_name, checked, kind, name) => {
    await open();
    harbour.simulator.outside.define(kind, name, async () => ({ succeeded: false, message: 'the dock is full' }));
    const id = await start(checked);
    await harbour.pass(0);
    expect(await seen()).toEqual(['Failed', 'the dock is full']);
    expect(await harbour.status(id)).toBe('Failed');
  });

  test('a run of which the driver knows nothing fails, and says so', async () => {
    await open();
    await start(build);
    expect(await seen()).toEqual(['Failed', 'The project of CodeBuild dock does not exist']);
    harbour.simulator.close();
    await open();
    await start(commands);
    expect(await seen()).toEqual([
      'Failed',
      'not simulated: commands of the pipeline harbour, which the driver has not defined',
    ]);
  });

  test('the end of a run whose time is over comes too late', async () => {
    await open();
    const ends: ((end: OutsideEnd) => void)[] = [];
    harbour.simulator.outside.define('build', 'dock', () => new Promise((resolve) => ends.push(resolve)));
    await start({ ...build, timeoutInMinutes: 5 });
    await harbour.pass(6 * minute);
    ends[0]?.({ succeeded: true });
    await harbour.pass(0);
    expect(await seen()).toEqual(['Failed', 'The rule did not end within 5 minutes']);
  });

  test.each(['beforeEntry', 'onSuccess', 'onFailure'] as const)('its own region may be named: %s', async (when) => {
    await open();
    expect(await refusalOf(start({ ...build, region: 'eu-west-1' }, when))).toBeUndefined();
  });

  test.each<[string, Rule, RegExp]>([
    ['commands of another rule', rule('VariableCheck', {}, { commands: ['ls'] }), /VariableCheck has no commands/],
    ['a rule without its commands', rule('Commands', {}), /is missing commands/],
    ['a command of two lines', rule('Commands', {}, { commands: ['ls\npwd'] }), /more than one line/],
    ['an artifact of nobody', { ...build, inputArtifacts: [{ name: 'Gold' }] }, /Gold of rule Check is not produced/],
    [
      'an artifact for a rule without',
      rule('DeploymentWindow', { Cron: '* * * * * ?' }, { inputArtifacts: [{ name: 'Goods' }] }),
      /DeploymentWindow has no input artifacts/,
    ],
    ['another region', { ...build, region: 'us-east-1' }, /not simulated: rule Check in another region/],
  ])('%s: refused', async (_name, checked, expected) => {
    await open();
    expect(await refusalOf(start(checked))).toMatch(expected);
  });
});
