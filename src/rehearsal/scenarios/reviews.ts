import type { FakeGitHub } from '../../../simulator/github/server.ts';
import type { State, WorkflowRun } from '../../../simulator/github/state.ts';
import { minutes } from '../../clock.ts';
import { rehearsedTeam } from '../manifest.ts';
import { commitOf, firstRun, type RehearsedRelease, type Stage } from '../stage.ts';
import { carriedOut, delivered, inProduction, isEnd, type Scenario } from './scenario.ts';

/** The team at GitHub: mina writes the commits and starts the runs, noor and omar review. */
export const user = (login: string) => ({ login, type: 'User' }) as const;
const runs = Array.from({ length: 8 }, (_, index) => firstRun + index);
export const runOf = (id: number, approvals: WorkflowRun['approvals'] = []): WorkflowRun => ({
  id,
  sha: commitOf(id),
  actor: user('mina'),
  triggeringActor: user('mina'),
  approvals,
});
const team: Partial<State> = {
  commits: runs.map((id) => ({ sha: commitOf(id), author: user('mina'), committer: user('mina') })),
  runs: runs.map((id) => runOf(id)),
  pullRequests: [{ number: 7, head: commitOf(firstRun), state: 'closed', author: user('mina'), commits: [] }],
  permissions: { mina: 'admin', noor: 'write', omar: 'write' },
};

const reviewers = 'reviewers: { at-least: 1, of: [mina, noor, omar] }\n';

const gitHubOf = (stage: Stage): FakeGitHub => {
  if (stage.github === undefined) throw new Error('the scenario has no GitHub');
  return stage.github;
};

const decisionOf = async (stage: Stage): Promise<Readonly<Record<string, unknown>>> => {
  const { ModelPackageSummaryList } = await stage.simulator.call('sagemaker', 'ListModelPackages', {
    ModelPackageGroupName: rehearsedTeam.model,
    SortOrder: 'Descending',
  });
  const [newest] = ModelPackageSummaryList as { readonly ModelPackageArn: string }[];
  return stage.simulator.call('sagemaker', 'DescribeModelPackage', { ModelPackageName: newest?.ModelPackageArn ?? '' });
};

/** 1.0.0 serves; a run of mina's has registered 1.1.0, which no person has approved. */
const registered = async (stage: Stage, require: (holds: boolean, saying: string) => void): Promise<void> => {
  stage.writeManifest({ approval: reviewers });
  await inProduction(stage, require);
  const release = await stage.begin('A version that waits for approval', '1.1.0');
  await release.register();
  await release.end();
  await stage.driver.until(stage.driver.now() + minutes(10));
};

export const selfApprovalRefused: Scenario = {
  name: 'self-approval-refused',
  about:
    'The author of a commit approves its own run in the GitHub environment, which lets her: the gate writes nothing to the registry, and the version is not deployed.',
  expected: { outcome: 'rejected', reasonCode: 'self-approval' },
  github: { state: team },
  play: async (stage, require) => {
    await registered(stage, require);
    const release = await stage.begin('Her own review', '1.1.0');
    const id = runs[stage.releases.length - 1] ?? 0;
    const github = gitHubOf(stage);
    github.state.runs = runs.map((one) =>
      runOf(
        one,
        one === id
          ? [{ user: user('Mina'), state: 'approved', comment: 'mine', environments: [rehearsedTeam.environment] }]
          : [],
      ),
    );
    release.did('approves', 'her own run, in the GitHub environment');
    const step = await release.run('approve-gate', { mode: 'record' });
    const { because } = await release.end();
    require(step.exit.code === 1, 'the step is red');
    require(because.includes('Mina (author of commit'), `the report names her: ${because}`);
    require(carriedOut(release, 'UpdateModelPackage') === 0, 'nothing is written to the registry');
    const after = await stage.begin('The delivery behind it', '1.1.0');
    await after.run('deploy-endpoint');
    await after.end();
    require(isEnd(after, { outcome: 'rejected', reasonCode: 'not-approved' }), 'it is not deployed');
    return release;
  },
};

export const twoApproversRace: Scenario = {
  name: 'two-approvers-race',
  about:
    'Two people approve by comment in the same second, and each comment starts a run: both runs end approved, and the version is delivered once.',
  expected: delivered,
  github: { state: team },
  play: async (stage, require) => {
    await registered(stage, require);
    const github = gitHubOf(stage);
    github.comment(7, 'noor', 'Recall holds.\n/approve iris_v1.1.0');
    const first = await stage.begin('The run of one comment', '1.1.0');
    const one = first.start('approve-gate', { mode: 'comment', 'pull-request': '7' });
    github.comment(7, 'omar', '/approve iris_v1.1.0');
    const second = await stage.begin('The run of the other comment', '1.1.0');
    const other = second.start('approve-gate', { mode: 'comment', 'pull-request': '7' });
    await first.finish(one);
    await second.finish(other);
    for (const release of [first, second] satisfies readonly RehearsedRelease[]) {
      const { because } = await release.end();
      require(isEnd(release, {
        outcome: 'succeeded',
        reasonCode: 'approved',
      }), `${release.title} ends approved: ${because}`);
    }
    const writes = carriedOut(first, 'UpdateModelPackage') + carriedOut(second, 'UpdateModelPackage');
    require(writes === 1 || writes === 2, `one write or two equal ones: ${writes}`);
    const { ModelApprovalStatus, ApprovalDescription } = await decisionOf(stage);
    require(ModelApprovalStatus === 'Approved', 'the registry has the decision');
    require(/^(noor|omar|noor, omar): approved on pull request 7; /.test(
      String(ApprovalDescription),
    ), `the registry names the people of the last write: ${ApprovalDescription}`);
    const delivery = await stage.begin('The delivery', '1.1.0');
    await delivery.run('deploy-endpoint');
    await delivery.end();
    return delivery;
  },
};
