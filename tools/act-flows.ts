/**
 * Runs whole repositories under act, against the local AWS: one by GitHub Flow, one by Gitflow, and decisions in the registry.
 *
 *   node tools/act-flows.ts      needs `act` on the PATH (tools/install-verifiers.sh); no Docker
 */
import type { IrisVersion } from '../simulator/fixtures/fixtures.ts';
import { minutes } from '../src/clock.ts';
import { rehearsedTeam, rollouts, rolloutText } from '../src/rehearsal/manifest.ts';
import type { ReleaseRecord } from '../src/release/record.ts';
import {
  type ActWorkspace,
  type Call,
  expectations,
  openActWorkspace,
  planner,
  type Reported,
  type With,
} from './act-workspace.ts';

const { model, account, region, endpoint } = rehearsedTeam;

const environment = (name: string, endpointName: string, rollout: string, more = ''): string => `\
  ${name}:
    account: "${account}"
    region: ${region}
    role: model-deployer
    rollback-role: model-restorer${more}
    endpoint: { name: ${endpointName}, execution-role: iris-serving, instance: { type: ml.m5.large, count: 4 } }
    rollout: { ${rollout} }
`;
const unwatched = rolloutText({ rollout: rollouts.unguarded, unwatched: true });
/** Staging, and production after it, by a canary. */
const manifest = `version: 1\nmodel: ${model}\nenvironments:\n${environment('staging', 'iris-staging', unwatched)}${environment(
  'production',
  endpoint,
  rolloutText({ rollout: rollouts.canary }),
  '\n    after: staging',
)}`;

const open = async (): Promise<ActWorkspace> => {
  const workspace = await openActWorkspace(manifest);
  workspace.permit(planner, 'plan', 'register-model');
  workspace.permit('model-deployer', 'deploy-endpoint');
  workspace.permit('model-restorer', 'rollback');
  return workspace;
};

const { expect, failures } = expectations();
/** The version that serves at an endpoint, by its release record. */
const serving = ({ simulator }: ActWorkspace, name: string): string => {
  const found = simulator.objects.get(`model-delivery-${account}-${region}`, `${name}/record.json`);
  const { history = [] } = (found ? JSON.parse(found.body.toString()) : {}) as Partial<ReleaseRecord>;
  return history.find(({ until }) => until === undefined)?.version ?? 'nothing';
};

/** `green succeeded/already-delivered, 1.0.1 on staging, 1.0.0 in production`. The last step of a delivery only looks once more. */
const ends = (workspace: ActWorkspace, { ended, last }: Reported): string =>
  `${ended} ${last['outcome'] ?? ''}/${last['reason-code'] ?? ''}, ${serving(workspace, 'iris-staging')} on staging, ${serving(workspace, endpoint)} in production`;

const event = (name: string, payload: object): NonNullable<Call['event']> => ({ name, payload });
const onTag = (version: string) => event('push', { ref: `refs/tags/${model}_v${version}` });
const onBranch = (name: string) => event('push', { ref: `refs/heads/${name}` });

const caller =
  (workspace: ActWorkspace, flow: string, workflow: string, always: With) =>
  async (
    title: string,
    at: NonNullable<Call['event']>,
    expected: string,
    { commits = true, ...more }: With & { readonly commits?: boolean } = {},
  ) => {
    const found = await workspace.call(title, {
      workflow,
      with: { 'planner-role': planner, ...always, ...more },
      event: at,
      commits,
    });
    expect(`${flow}, ${title}`, ends(workspace, found), expected);
  };

const gitHubFlow = async (): Promise<void> => {
  const workspace = await open();
  const { git } = workspace;
  const call = caller(workspace, 'GitHub Flow', 'github-flow', {});
  const push = (title: string, fixture: IrisVersion, expected: string) =>
    call(title, onBranch('main'), expected, workspace.registration(fixture));
  try {
    await push(
      'feat: a first model',
      '1.0.0',
      'green succeeded/already-delivered, 1.0.0 on staging, nothing in production',
    );
    await call(
      'the tag of a later commit',
      onTag('1.0.0'),
      'red succeeded/approved, 1.0.0 on staging, nothing in production',
    );
    git('reset', '--hard', 'HEAD~1');
    await call('its tag', onTag('1.0.0'), 'green succeeded/already-delivered, 1.0.0 on staging, 1.0.0 in production', {
      commits: false,
    });
    workspace.traffic();
    await workspace.pass(minutes(20));
    await push(
      'fix: a better model',
      '1.1.0',
      'green succeeded/already-delivered, 1.0.1 on staging, 1.0.0 in production',
    );
    await call(
      'its tag, by a canary',
      onTag('1.0.1'),
      'green succeeded/already-delivered, 1.0.1 on staging, 1.0.1 in production',
      { commits: false },
    );
    await push(
      'feat: a model that fails',
      '1.4.0',
      'green succeeded/already-delivered, 1.1.0 on staging, 1.0.1 in production',
    );
    await call('its tag, taken back', onTag('1.1.0'), 'red rolled-back/alarm, 1.1.0 on staging, 1.0.1 in production', {
      commits: false,
    });
    git('switch', '--quiet', '--create', 'elsewhere');
    await call('a tag beside main', onTag('1.2.0'), 'red /, 1.1.0 on staging, 1.0.1 in production');
  } finally {
    await workspace.close();
  }
};

/** The event of SageMaker about a package, as the rule of `codebuild/templates/approvals.json` passes it on. */
const decided = (packageVersion: number, ModelApprovalStatus: 'Approved' | 'Rejected') =>
  event('repository_dispatch', {
    action: `model-${ModelApprovalStatus.toLowerCase()}`,
    client_payload: {
      event: {
        version: '0',
        id: `00000000-0000-0000-0000-00000000000${packageVersion}`,
        'detail-type': 'SageMaker Model Package State Change',
        source: 'aws.sagemaker',
        account,
        time: '2026-01-05T09:00:00Z',
        region,
        resources: [`arn:aws:sagemaker:${region}:${account}:model-package/${model}/${packageVersion}`],
        detail: {
          ModelPackageGroupName: model,
          ModelPackageVersion: packageVersion,
          ModelPackageArn: `arn:aws:sagemaker:${region}:${account}:model-package/${model}/${packageVersion}`,
          ModelApprovalStatus,
          UpdatedModelPackageFields: ['ModelApprovalStatus'],
        },
      },
    },
  });

const gitflow = async (): Promise<void> => {
  const workspace = await open();
  const { git, simulator } = workspace;
  // The simulator has no pull requests; test/workflows/back-merge.test.ts runs that job.
  const call = caller(workspace, 'Gitflow', 'gitflow', { dev: '', 'back-merge': false });
  const react = caller(workspace, 'an event', 'on-model-event', { 'take-back': '["staging","production"]' });
  const branch = (name: string): string => git('switch', '--quiet', '--create', name);
  const merge = (name: string): void => {
    git('switch', '--quiet', 'main');
    git('merge', '--quiet', '--no-ff', '-m', `Merge ${name}`, name);
  };
  const still = { commits: false } as const;
  const approved = { ...still, 'final-approval-status': 'Approved' } as const;
  try {
    git('commit', '--allow-empty', '-qm', 'begin');
    branch('release/1.0.0');
    await call(
      'a candidate',
      onBranch('release/1.0.0'),
      'green succeeded/already-delivered, 1.0.0-rc.1 on staging, nothing in production',
      workspace.registration('1.0.0'),
    );
    await call(
      'the tag before the merge',
      onTag('1.0.0'),
      'red /, 1.0.0-rc.1 on staging, nothing in production',
      still,
    );
    merge('release/1.0.0');
    await call(
      'the tag: production waits for the approval',
      onTag('1.0.0'),
      'red pending/approval-pending, 1.0.0-rc.1 on staging, nothing in production',
      still,
    );
    await workspace.approve(2);
    await react(
      'the approval',
      decided(2, 'Approved'),
      'green succeeded/already-delivered, 1.0.0-rc.1 on staging, 1.0.0 in production',
      still,
    );
    workspace.traffic();
    await workspace.pass(minutes(20));

    branch('hotfix/1.0.1');
    await call(
      'a hotfix',
      onBranch('hotfix/1.0.1'),
      'green succeeded/already-delivered, 1.0.1-rc.1 on staging, 1.0.0 in production',
      workspace.registration('1.1.0'),
    );
    merge('hotfix/1.0.1');
    await call(
      'the tag of the hotfix, by a canary',
      onTag('1.0.1'),
      'green succeeded/already-delivered, 1.0.1-rc.1 on staging, 1.0.1 in production',
      approved,
    );
    await call(
      'a tag without a candidate',
      onTag('2.0.0'),
      'red failed/invalid-input, 1.0.1-rc.1 on staging, 1.0.1 in production',
      still,
    );

    await react(
      'an approval that comes twice, and late',
      decided(2, 'Approved'),
      'green succeeded/served-before, 1.0.1-rc.1 on staging, 1.0.1 in production',
      still,
    );
    await simulator.call('sagemaker', 'UpdateModelPackage', {
      ModelPackageArn: `arn:aws:sagemaker:${region}:${account}:model-package/${model}/4`,
      ModelApprovalStatus: 'Rejected',
    });
    await react(
      'a rejection',
      decided(4, 'Rejected'),
      'green succeeded/restored, 1.0.1-rc.1 on staging, 1.0.0 in production',
      still,
    );
  } finally {
    await workspace.close();
  }
};

await gitHubFlow();
await gitflow();
process.exitCode = failures() === 0 ? 0 : 1;
