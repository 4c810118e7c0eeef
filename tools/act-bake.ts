/**
 * Runs a canary of an hour under act, against the local AWS, and counts the minutes of a runner that its bakes cost: with a job that follows
 * it, with a second job behind a wait timer, and with a job that an event of the endpoint starts. Then once more with a model that fails.
 *
 *   node tools/act-bake.ts       needs `act` on the PATH (tools/install-verifiers.sh); no Docker
 */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse, stringify } from 'yaml';
import type { IrisVersion } from '../simulator/fixtures/fixtures.ts';
import { minutes } from '../src/clock.ts';
import { manifestText, rehearsedTeam } from '../src/rehearsal/manifest.ts';
import { expectations, openActWorkspace, planner, type Reported, type With } from './act-workspace.ts';

const { account, region, endpoint } = rehearsedTeam;
const hourly = 'strategy: canary, size: 25%, bake: 50m, final-bake: 10m';
/** The bakes, and the start of the instances. */
const bakeTimer = 75;
/** Until CloudWatch has the counts of the last minutes. */
const restTimer = 5;
/** All jobs that a bake may cost. */
const mostMinutes = 2;

/** It ends a delivery, too, and needs no permission to begin one. */
const restorer = 'model-restorer';

const workspace = await openActWorkspace({ manifest: manifestText({ rollout: hourly }) });
workspace.permit(planner, 'plan', 'register-model');
workspace.permit('model-deployer', 'deploy-endpoint');
workspace.permit(restorer, 'rollback');

/** act knows no environments: a step before the first one waits as long as the timer, on the virtual clock. It is no part of the job's seconds. */
const setTimer = (workflow: string, job: string, waited: number): void => {
  const path = `.github/workflows/${workflow}.yml`;
  const raw = parse(readFileSync(join(workspace.folder, path), 'utf8')) as {
    jobs: Record<string, { steps: object[] }>;
  };
  const steps = raw.jobs[job]?.steps;
  if (steps === undefined) throw new Error(`${path} has no job ${job}`);
  steps.unshift({ name: 'Wait timer', run: `node "${join(workspace.folder, timer)}" ${waited}` });
  workspace.write(path, stringify(raw, { lineWidth: 0 }));
};
const timer = '../timer.mjs';
const clockModule = resolve(import.meta.dirname, '../src/hosts/rehearsal-clock.ts');
workspace.write(
  timer,
  `import { openRehearsalClock } from ${JSON.stringify(clockModule)};
const clock = await openRehearsalClock(process.env.MODEL_DELIVERY_CLOCK);
await clock.sleepUntil(clock.now() + Number(process.argv[2]) * 60_000);
`,
);
setTimer('deliver', 'bake', bakeTimer);
setTimer('on-model-event', 'resume', restTimer);

/** GitHub bills each job by whole minutes. The plan comes before the reviewers, and costs the same in every form. */
const billed = (...runs: readonly Reported[]): number =>
  runs
    .flatMap(({ seconds }) => Object.entries(seconds))
    .filter(([job]) => job !== 'plan')
    .reduce((sum, [, seconds]) => sum + Math.max(1, Math.ceil(seconds / 60)), 0);
const shown = (minutesBilled: number): string => (minutesBilled <= mostMinutes ? `at most ${mostMinutes}` : 'more');
const ends = ({ ended, last, ...reported }: Reported): string =>
  `${ended} ${reported.outcome ?? last['outcome']}/${reported['reason-code'] ?? last['reason-code']}`;

const { expect, failures } = expectations();
const deliver = (title: string, version: string, fixture: IrisVersion, given: With = {}): Promise<Reported> =>
  workspace.call(title, {
    workflow: 'deliver',
    with: {
      environment: rehearsedTeam.environment,
      'planner-role': planner,
      'approval-status': 'Approved',
      ...workspace.registration(fixture),
      version,
      ...given,
    },
  });

/** `SageMaker Endpoint State Change`, as the rule of `codebuild/templates/approvals.json` passes it on. */
const atRest = async (): Promise<Reported> => {
  const described = await workspace.simulator.call('sagemaker', 'DescribeEndpoint', { EndpointName: endpoint });
  const { EndpointStatus, EndpointArn, EndpointConfigName } = described as Record<string, string>;
  return workspace.call('the endpoint is at rest', {
    workflow: 'on-model-event',
    with: {
      environment: '',
      resume: rehearsedTeam.environment,
      'take-back': '[]',
      'planner-role': planner,
      'bake-role': restorer,
    },
    event: {
      name: 'repository_dispatch',
      payload: {
        action: 'endpoint-at-rest',
        client_payload: {
          event: {
            'detail-type': 'SageMaker Endpoint State Change',
            source: 'aws.sagemaker',
            account,
            region,
            resources: [EndpointArn],
            detail: {
              EndpointName: endpoint,
              EndpointArn,
              EndpointConfigName,
              EndpointStatus: EndpointStatus === 'InService' ? 'IN_SERVICE' : EndpointStatus?.toUpperCase(),
            },
          },
        },
      },
    },
  });
};
const untilAtRest = async (): Promise<void> => {
  const { EndpointStatus } = await workspace.simulator.call('sagemaker', 'DescribeEndpoint', {
    EndpointName: endpoint,
  });
  if (EndpointStatus === 'InService') return;
  await workspace.pass(minutes(1));
  await untilAtRest();
};

const report = (title: string, expected: string, last: Reported, ...before: readonly Reported[]): void => {
  const cost = billed(...before, last);
  expect(`${title} (${cost} billed minutes)`, `${ends(last)}, ${shown(cost)}`, expected);
};

try {
  await deliver('a first deployment', '1.0.0', '1.0.0');
  workspace.traffic({ account, endpoint, model: 'iris' });
  await workspace.pass(minutes(20));

  report('a job follows it', 'green succeeded/delivered, more', await deliver('followed', '1.1.0', '1.1.0'));

  const behindTimer = { 'bake-environment': 'production-bake', 'bake-role': restorer };
  report(
    'a second job behind a wait timer',
    `green succeeded/delivered, at most ${mostMinutes}`,
    await deliver('behind a timer', '1.2.0', '1.3.0', behindTimer),
  );
  report(
    'a second job behind a wait timer, and a model that fails',
    `red rolled-back/alarm, at most ${mostMinutes}`,
    await deliver('behind a timer, failing', '1.3.0', '1.4.0', behindTimer),
  );

  const unfollowed = { follow: false };
  const left = await deliver('left to SageMaker', '1.4.0', '1.1.0', unfollowed);
  expect('the job that begins it', ends(left), 'green pending/in-progress');
  await untilAtRest();
  report('a job that the event starts', `green succeeded/delivered, at most ${mostMinutes}`, await atRest(), left);
  report('the same event once more', `green succeeded/nothing-to-resume, at most ${mostMinutes}`, await atRest());

  const bad = await deliver('left to SageMaker, failing', '1.5.0', '1.4.0', unfollowed);
  await untilAtRest();
  report(
    'a job that the event starts, and a model that fails',
    `red rolled-back/alarm, at most ${mostMinutes}`,
    await atRest(),
    bad,
  );
} finally {
  await workspace.close();
}
process.exitCode = failures() === 0 ? 0 : 1;
