import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { State, WorkflowRun } from '../../simulator/github/state.ts';
import { stateOf } from '../../src/approval/write-decision.ts';
import { iso, minutes, seconds } from '../../src/clock.ts';
import { writeStamp } from '../../src/findings/evidence-stamp.ts';
import { approveGate } from '../../src/operations/approve-gate.ts';
import { registerModel } from '../../src/operations/register-model.ts';
import { rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import type { Report } from '../../src/report/result.ts';
import { type FakeGitHub, type FakeGitHubOptions, startFakeGitHub } from '../github/fake-github.ts';
import { type Attempt, openAccount, type TestAccount } from '../support/account.ts';
import { twoEnvironments } from '../support/two-environments.ts';

/** The conditions of the modes `record` and `comment`, broken one by one: the registry is written to only when all of them hold. */

const user = (login: string) => ({ login, type: 'User' }) as const;
type Review = WorkflowRun['approvals'][number];
const review = (login: string, changes: Partial<Review> = {}): Review => ({
  user: user(login),
  state: 'approved',
  comment: '',
  environments: ['production'],
  ...changes,
});

let account: TestAccount;
let github: FakeGitHub;

/** mina wrote the commit, pia another one of the pull request by olga; rita registered the version; mina and omar started the run. */
const openGitHub = async (changes: FakeGitHubOptions = {}): Promise<void> => {
  github = await startFakeGitHub({
    now: () => account.simulator.clock.now(),
    ...changes,
    state: {
      commits: [
        { sha: 'c0ffee', author: user('mina'), committer: user('cleo') },
        { sha: 'decade', author: user('pia'), committer: user('pia') },
      ],
      pullRequests: [{ number: 7, head: 'decade', state: 'open', author: user('olga'), commits: ['c0ffee', 'decade'] }],
      issues: [9],
      runs: [run(100, 'rita', 'rita'), run(200, 'mina', 'omar')],
      permissions: { alice: 'write', bob: 'maintain', carol: 'read', omar: 'read', noor: 'triage', mina: 'admin' },
      teams: { 'ml-leads': [user('carol')] },
      environments: { production: [user('alice'), user('bob')] },
      ...changes.state,
    },
  });
};
const run = (id: number, actor: string, triggering: string, approvals: readonly Review[] = []): WorkflowRun => ({
  id,
  sha: 'c0ffee',
  actor: user(actor),
  triggeringActor: user(triggering),
  approvals,
});
const reviewed = (...approvals: readonly Review[]): void => {
  github.state.runs = [run(100, 'rita', 'rita'), run(200, 'mina', 'omar', approvals)];
};

const twoOf = (...names: readonly string[]): string =>
  `approval: { reviewers: { at-least: 2, of: [${names.map((name) => `"${name}"`).join(', ')}] } }\n`;
const everybody = ['alice', 'bob', '@acme/ml-leads', 'mina', 'cleo', 'olga', 'pia', 'rita', 'omar'];
const writeRules = (rules: string): void => account.writeManifest((text) => `${text}${rules}`);

beforeEach(async () => {
  account = await openAccount();
  await account.run(registerModel, account.registration('1.0.0'), {
    runId: '100',
    environment: { GITHUB_REPOSITORY: 'acme/churn' },
  });
  writeRules(twoOf(...everybody));
  await account.pass(minutes(1));
});
afterEach(async () => {
  await account.close();
  await github?.close();
});

interface Gate {
  readonly report: Report | undefined;
  /** The writes to the registry, as they were sent. */
  readonly writes: readonly unknown[];
}
const gate = async (inputs: Readonly<Record<string, string>>, attempt: Attempt = {}): Promise<Gate> => {
  const seen = account.watch();
  const report = await account.run(approveGate, { version: '1.0.0', ...inputs }, { runId: '200', github, ...attempt });
  const writes = seen()
    .filter(({ operation, service }) => service === 'sagemaker' && !/^(Describe|List|Get)/.test(operation))
    .map(({ input }) => input);
  return { report, writes };
};
const ends = ({ report }: Gate): string =>
  `${report?.result.outcome}/${report?.result.reason}: ${report?.result.because}`;
const packageNow = async (): Promise<Readonly<Record<string, unknown>>> =>
  account.simulator.call('sagemaker', 'DescribeModelPackage', { ModelPackageName: packageArn });
const packageArn = `arn:aws:sagemaker:${team.region}:${team.account}:model-package/${team.model}/1`;
const update = (members: object): Promise<unknown> =>
  account.simulator.call('sagemaker', 'UpdateModelPackage', { ModelPackageArn: packageArn, ...members });

/** A package of another pipeline, without a commit. */
const registerWithoutCommit = async (metadata: Readonly<Record<string, string>> = {}): Promise<void> => {
  await account.simulator.call('sagemaker', 'CreateModelPackage', {
    ModelPackageGroupName: team.model,
    ModelPackageDescription: 'iris_v2.0.0',
    ModelApprovalStatus: 'PendingManualApproval',
    CustomerMetadataProperties: { semver: '2.0.0', ...metadata },
    InferenceSpecification: {
      Containers: [{ Image: team.image }],
      SupportedContentTypes: ['text/csv'],
      SupportedResponseMIMETypes: ['text/csv'],
    },
  });
  await account.pass(minutes(2));
};
const namesNoCommit = 'the metadata of iris_v2.0.0 names no commit: its authors are not known';

describe('record', () => {
  const record = (inputs: Readonly<Record<string, string>> = {}, attempt: Attempt = {}): Promise<Gate> =>
    gate({ mode: 'record', ...inputs }, attempt);

  test('writes the approval of two reviewers once, with their names, their comments and the run', async () => {
    await openGitHub();
    reviewed(review('Bob', { comment: 'recall holds' }), review('alice'));
    const found = await record();
    expect(ends(found)).toMatch(/^succeeded\/approved: iris_v1\.0\.0 \(package 1\) is approved; last changed by/);
    expect(found.writes).toEqual([
      {
        ModelPackageArn: packageArn,
        ModelApprovalStatus: 'Approved',
        ApprovalDescription:
          'alice, Bob: approved for the GitHub environment production (Bob: recall holds); https://github.com/acme/churn/actions/runs/200',
      },
    ]);
    expect(found.report?.result.remarks).toBeUndefined();
    // Again, in the same run or another: the registry decides.
    expect((await record()).writes).toEqual([]);
  });

  test('counts a member of a team, by the members at the time of the decision', async () => {
    await openGitHub();
    reviewed(review('alice'), review('Carol'));
    const found = await record();
    expect(ends(found)).toMatch(/^succeeded/);
    expect(found.writes).toHaveLength(1);
  });

  test('without reviewers in the manifest, those of the GitHub environment', async () => {
    await openGitHub();
    writeRules('');
    reviewed(review('noor'));
    expect(ends(await record())).toMatch(/^succeeded\/approved/);
  });

  test('plans first: a dry run writes nothing', async () => {
    await openGitHub();
    reviewed(review('alice'), review('bob'));
    const { report, writes } = await record({ 'dry-run': 'true' });
    expect(writes).toEqual([]);
    expect(report?.result.plan?.changes[0]?.details[0]).toBe('approval: PendingManualApproval → Approved');
  });

  test('one rejection rejects, also one of an approved version', async () => {
    await openGitHub();
    reviewed(review('alice'), review('bob'));
    await record();
    reviewed(review('alice'), review('carol', { state: 'rejected', comment: 'one species is mislabelled' }));
    const found = await record();
    expect(ends(found)).toMatch(/^rejected\/approval-rejected: .*one species is mislabelled/);
    expect(found.writes).toEqual([expect.objectContaining({ ModelApprovalStatus: 'Rejected' })]);
    // And an approval takes no rejection back.
    reviewed(review('alice'), review('bob'));
    const again = await record();
    expect(ends(again)).toMatch(/^rejected\/approval-rejected/);
    expect(again.writes).toEqual([]);
  });

  test('a person who rejected in one attempt of the run and approved in another has rejected', async () => {
    await openGitHub();
    reviewed(review('alice', { state: 'rejected' }), review('ALICE'), review('bob'), review('carol'));
    expect(ends(await record())).toMatch(/^rejected\/approval-rejected/);
    await update({ ModelApprovalStatus: 'PendingManualApproval' });
    reviewed(review('alice'), review('alice', { state: 'rejected' }), review('bob'), review('carol'));
    expect(ends(await record())).toMatch(/^rejected\/approval-rejected/);
  });

  const missing = 'pending/approvals-missing';
  const self = 'rejected/self-approval';
  test.each<readonly [string, readonly Review[], string, RegExp]>([
    ['no person has decided', [], missing, /0 of 2 approvals .*; missing: 2 of alice, bob, @acme\/ml-leads/],
    ['one of two', [review('alice')], missing, /1 of 2 approvals .*; approved: alice; missing: 1 of bob, /],
    ['one person twice', [review('alice'), review('ALICE')], missing, /1 of 2 approvals/],
    ['a person outside of the list', [review('alice'), review('noor')], missing, /noor \(not among the reviewers/],
    ['another environment', [review('alice'), review('bob', { environments: ['staging'] })], missing, /1 of 2/],
    ['a review that is not given', [review('alice'), review('bob', { state: 'pending' })], missing, /1 of 2/],
    ['the author of the commit', [review('alice'), review('MINA')], self, /MINA \(author of commit c0ffee\)/],
    ['its committer', [review('alice'), review('cleo')], self, /cleo \(author of commit c0ffee\)/],
    ['the author of the pull request', [review('alice'), review('olga')], self, /olga \(author of pull request 7\)/],
    ['the author of another commit of it', [review('alice'), review('Pia')], self, /Pia \(author of a commit of pull/],
    ['the person who re-ran the run', [review('alice'), review('omar')], self, /omar \(started run 200\)/],
    ['the person who registered it', [review('alice'), review('rita')], self, /rita \(started run 100\)/],
  ])('writes nothing for %s', async (_name, approvals, end, because) => {
    await openGitHub();
    reviewed(...approvals);
    const found = await record();
    expect(ends(found)).toMatch(because);
    expect(ends(found).startsWith(`${end}: `)).toBe(true);
    expect(found.writes).toEqual([]);
    expect(found.report?.result.outputs['approval-status']).toBe('PendingManualApproval');
  });

  test('writes nothing for the actor of the run, where another person wrote the commit', async () => {
    await openGitHub();
    github.state.commits = [{ sha: 'c0ffee', author: user('zoe'), committer: user('zoe') }];
    reviewed(review('alice'), review('mina'));
    expect(await record()).toMatchObject({ writes: [], report: { result: { reason: 'self-approval' } } });
  });

  test('an author beside enough others does no harm', async () => {
    await openGitHub();
    reviewed(review('alice'), review('bob'), review('mina'));
    const { writes } = await record();
    expect(writes).toEqual([expect.objectContaining({ ApprovalDescription: expect.stringMatching(/^alice, bob: /) })]);
  });

  test.each<readonly [string, Partial<State>, Readonly<Record<string, string>>, RegExp]>([
    ['which is absent', { environments: {} }, {}, /no GitHub environment production: .*github-environment/],
    ['without reviewers', { environments: { production: [] } }, {}, /production has no required reviewers: .*comment/],
    ['of another name', {}, { 'github-environment': 'staging' }, /no GitHub environment staging/],
  ])('names the environment %s', async (_name, state, inputs, because) => {
    await openGitHub({ state });
    const found = await record(inputs);
    expect(ends(found)).toMatch(because);
    expect(found.writes).toEqual([]);
  });

  describe('with staging beside production, in one registry', () => {
    const both = (top = ''): void => account.writeManifest(() => twoEnvironments({ top }));
    const ofStaging = (login: string): Review => review(login, { environments: ['staging'] });
    beforeEach(async () => {
      await openGitHub({ state: { environments: { staging: [user('noor')], production: [user('alice')] } } });
    });

    test.each([
      ['staging', {}],
      ['production', { 'github-environment': 'staging' }],
      ['production', {}],
    ])('the reviewers of one GitHub environment do not approve for both: %s %j', async (environment, inputs) => {
      both();
      reviewed(ofStaging('noor'), review('alice'));
      const found = await record({ environment, ...inputs });
      expect(ends(found)).toBe(
        'failed/invalid-input: mode: record: staging and production have one registry, and so one approval; the reviewers of one GitHub environment would approve for all: name in the manifest the one whose reviews count, approval.github-environment, or the people, approval.reviewers',
      );
      expect(found.writes).toEqual([]);
      expect(github.requests).toEqual([]);
    });

    test.each(['staging', 'production'])(
      'those of the one in the manifest do, through the gate of %s',
      async (name) => {
        both('approval: { github-environment: Production }');
        reviewed(ofStaging('noor'));
        const few = await record({ environment: name });
        expect(ends(few)).toMatch(
          /^pending\/approvals-missing: .*0 of 1 approval for the GitHub environment Production/,
        );
        expect(few.writes).toEqual([]);
        const other = await record({ environment: name, 'github-environment': 'staging' });
        expect(ends(other)).toBe(
          'failed/invalid-input: github-environment: the reviews of "staging" do not count; the manifest names "Production" (approval.github-environment): leave the input out',
        );
        expect(other.writes).toEqual([]);
        reviewed(ofStaging('noor'), review('alice'));
        const found = await record({ environment: name, 'github-environment': 'PRODUCTION' });
        expect(ends(found)).toMatch(/^succeeded\/approved/);
        expect(found.writes).toHaveLength(1);
      },
    );

    test('the people of the manifest do, wherever they reviewed', async () => {
      both('approval: { reviewers: { of: [alice] } }');
      reviewed(ofStaging('noor'));
      expect(ends(await record({ environment: 'staging' }))).toMatch(/^pending\/.*noor \(not among the reviewers/);
      reviewed(ofStaging('alice'));
      expect(ends(await record({ environment: 'staging' }))).toMatch(/^succeeded\/approved/);
    });

    test('in two registries each has its own reviewers', async () => {
      account.writeManifest(() =>
        twoEnvironments({ staging: 'region: eu-west-1', production: 'region: eu-central-1' }),
      );
      reviewed(ofStaging('noor'));
      expect(ends(await record({ environment: 'staging' }))).toMatch(/^succeeded\/approved/);
    });
  });

  test('takes the environment that the input names, in any case', async () => {
    await openGitHub();
    reviewed(review('alice', { environments: ['Sign-Off'] }), review('bob', { environments: ['sign-off'] }));
    expect((await record({ 'github-environment': 'SIGN-OFF' })).writes).toHaveLength(1);
  });

  test.each<readonly [string, readonly string[], RegExp]>([
    ['actions', ['actions'], /permissions: actions: read/],
    ['contents', ['contents'], /permissions: contents: read/],
    ['pull requests', ['pull_requests'], /permissions: pull-requests: read/],
    ['members', ['members'], /GitHub App with `members: read`/],
  ])('names the missing permission for %s, and writes nothing', async (_name, lacks, because) => {
    await openGitHub({ lacks });
    reviewed(review('alice'), review('carol'));
    const found = await record();
    expect(ends(found)).toMatch(/^failed\/github-refused/);
    expect(ends(found)).toMatch(because);
    expect(found.writes).toEqual([]);
  });

  test('reports that the package names no commit; the authors of the run’s own one do not count', async () => {
    await openGitHub();
    await registerWithoutCommit();
    reviewed(review('alice'), review('mina'));
    const self = await record({ version: '2.0.0' });
    expect(ends(self)).toMatch(/^rejected\/self-approval: .*mina \(author of commit c0ffee\)/);
    expect(self.writes).toEqual([]);
    reviewed(review('alice'), review('bob'));
    for (const inputs of [{ 'dry-run': 'true' }, {}]) {
      const found = await record({ version: '2.0.0', ...inputs });
      expect(found.report?.result.remarks).toEqual([
        `${namesNoCommit}, so an approval of theirs is not noticed unless they are authors of commit c0ffee too; the pipeline that registers it has to set \`git-sha\``,
      ]);
      expect(found.writes).toHaveLength('dry-run' in inputs ? 0 : 1);
    }
  });

  test('the author of the commit that `version-commit` names does not count', async () => {
    await openGitHub();
    await registerWithoutCommit({ 'version-commit': 'facade' });
    github.state.commits = [...github.state.commits, { sha: 'facade', author: user('bob'), committer: user('bob') }];
    reviewed(review('alice'), review('bob'));
    const found = await record({ version: '2.0.0' });
    expect(ends(found)).toMatch(/^rejected\/self-approval: .*bob \(author of commit facade\)/);
    expect(found.report?.result.remarks).toBeUndefined();
  });

  test.each(['cleo', 'rita'])('rewritten metadata takes no author away: %s', async (login) => {
    await openGitHub();
    github.state.commits = [...github.state.commits, { sha: 'facade', author: user('dora'), committer: user('dora') }];
    await update({
      CustomerMetadataProperties: { 'git-sha': 'facade', 'run-url': 'https://github.com/acme/churn/actions/runs/200' },
    });
    reviewed(review('alice'), review(login));
    github.state.runs = github.state.runs.map((one) => (one.id === 200 ? { ...one, sha: 'facade' } : one));
    const found = await record();
    expect(ends(found)).toMatch(/^rejected\/self-approval: .*(author of commit c0ffee|started run 100)/);
    expect(found.writes).toEqual([]);
  });

  test.each(['rita', 'bob'])(
    'of a version that is taken over, the person who started either run: %s',
    async (login) => {
      await openGitHub();
      const taken = await account.run(
        registerModel,
        { version: '2.0.0', from: '1' },
        { runId: '300', environment: { GITHUB_REPOSITORY: 'acme/churn' } },
      );
      expect(taken?.result.reason).toBe('registered');
      await account.pass(minutes(1));
      reviewed(review('alice'), review(login));
      github.state.runs = [...github.state.runs, run(300, 'bob', 'bob')];
      const found = await record({ version: '2.0.0' });
      expect(ends(found)).toMatch(/^rejected\/self-approval: .*(started run 100|started run 300)/);
      expect(found.writes).toEqual([]);
    },
  );

  test('reports that a run of another repository registered it', async () => {
    await openGitHub();
    await registerWithoutCommit({ 'git-sha': 'c0ffee', 'run-url': 'https://github.com/acme/training/actions/runs/7' });
    reviewed(review('alice'), review('bob'));
    const found = await record({ version: '2.0.0' });
    expect(found.writes).toHaveLength(1);
    expect(found.report?.result.remarks).toEqual([
      'run 7, which the package of iris_v2.0.0 names, is of acme/training, not of acme/churn: the person who started it is not known, so an approval of theirs is not noticed',
    ]);
  });

  test('the person who started the run by a comment does not count', async () => {
    await openGitHub();
    reviewed(review('alice'), review('omar'));
    const found = await record({}, { environment: { GITHUB_EVENT_NAME: 'issue_comment' } });
    expect(ends(found)).toMatch(/^rejected\/self-approval: .*omar \(started run 200\)/);
    expect(found.writes).toEqual([]);
  });

  test('an author who is named does not stand in for a member of a team', async () => {
    await openGitHub();
    reviewed(review('alice'), review('mina'), review('carol'));
    expect(ends(await record())).toMatch(/^succeeded\/approved/);
  });

  test('looks at no team where the people who are named suffice', async () => {
    await openGitHub({ lacks: ['members'] });
    reviewed(review('alice'), review('bob'), review('stranger'));
    const { writes } = await record();
    expect(writes).toEqual([expect.objectContaining({ ApprovalDescription: expect.stringMatching(/^alice, bob: /) })]);
  });

  test('refuses an environment with space at its ends, in quotes', async () => {
    await openGitHub();
    expect(ends(await record({ 'github-environment': 'production ' }))).toMatch(
      /^failed\/invalid-input: .*github-environment: "production " is not allowed; expected a name without space/,
    );
  });

  test('without a token it names the input', async () => {
    await openGitHub();
    const seen = account.watch();
    const report = await account.run(approveGate, { version: '1.0.0', mode: 'record' }, { runId: '200' });
    expect(report?.result).toMatchObject({ reason: 'invalid-input', because: expect.stringContaining('github-token') });
    expect(seen().filter(({ mutation }) => mutation)).toEqual([]);
  });

  test('outside of a workflow run it names the variable', async () => {
    await openGitHub();
    const found = await record({}, { environment: { GITHUB_RUN_ID: '' } });
    expect(ends(found)).toMatch(/^failed\/invalid-input: .*GITHUB_RUN_ID/);
  });

  test.each<readonly [string, object, string]>([
    ['rejected', { ModelApprovalStatus: 'Rejected', ApprovalDescription: 'biased' }, 'rejected/approval-rejected'],
    [
      'edited',
      {
        InferenceSpecification: {
          Containers: [{ Image: `${team.image}`, Environment: { THRESHOLD: '0' } }],
          SupportedContentTypes: ['text/csv'],
          SupportedResponseMIMETypes: ['text/csv'],
        },
      },
      'rejected/content-changed',
    ],
  ])('a version that is %s is never approved', async (_name, change, end) => {
    await openGitHub();
    await update(change);
    reviewed(review('alice'), review('bob'));
    const found = await record();
    expect(ends(found)).toMatch(new RegExp(`^${end}`));
    expect(found.writes).toEqual([]);
  });
});

describe('comment', () => {
  /** The event of a comment, whose author started the run. */
  const comment = (inputs: Readonly<Record<string, string>> = {}, attempt: Attempt = {}): Promise<Gate> =>
    gate(
      { mode: 'comment', 'pull-request': '7', ...inputs },
      { environment: { GITHUB_EVENT_NAME: 'issue_comment' }, ...attempt },
    );
  const says = (login: string, body: string, on = 7): number => github.comment(on, login, body);
  const edit = async (id: number, body: string): Promise<void> => {
    await account.pass(seconds(1));
    const updatedAt = iso(account.simulator.clock.now());
    github.state.comments = github.state.comments.map((one) => (one.id === id ? { ...one, body, updatedAt } : one));
  };
  /** The run's own comment shows the present state of the version. */
  const showEvidence = async (by = 'github-actions[bot]', tag = 'iris_v1.0.0'): Promise<void> => {
    const { LastModifiedTime, ModelApprovalStatus } = (await packageNow()) as Readonly<Record<string, never>>;
    const digest = stateOf({
      arn: packageArn,
      approval: ModelApprovalStatus,
      contentDigestNow: await contentDigest(),
      ...(LastModifiedTime === undefined ? {} : { lastModified: { at: LastModifiedTime * 1000 } }),
    } as never).slice(0, 12);
    const stamp = writeStamp({ tag, digest, since: account.simulator.clock.now() });
    says(by, `<!-- model-delivery: iris -->\n${stamp}\n## The evidence`);
    await account.pass(minutes(1));
  };
  const contentDigest = async (): Promise<string> =>
    /content sha256:([0-9a-f]{64})/.exec(String((await packageNow())['ModelPackageDescription']))?.[1] ?? '';

  test('writes the approval of two people who named the version, with the page of the last comment', async () => {
    await openGitHub();
    says('noor', 'what is this?');
    says('Bob', 'Recall holds.\n/approve iris_v1.0.0');
    const id = says('alice', '/approve 1.0.0');
    const found = await comment();
    expect(ends(found)).toMatch(/^succeeded\/approved/);
    expect(found.writes).toEqual([
      {
        ModelPackageArn: packageArn,
        ModelApprovalStatus: 'Approved',
        ApprovalDescription: `alice, Bob: approved on pull request 7; https://github.example/comment/${id - 1}`,
      },
    ]);
    expect((await comment()).writes).toEqual([]);
  });

  test('without a version, an approval is of the evidence that was shown before it', async () => {
    await openGitHub();
    await showEvidence();
    says('alice', '/approve');
    says('bob', '/approve');
    expect(ends(await comment())).toMatch(/^succeeded\/approved/);
  });

  test('on an issue', async () => {
    await openGitHub();
    says('alice', '/approve 1.0.0', 9);
    says('bob', '/approve 1.0.0', 9);
    const found = await comment({ 'pull-request': '', issue: '9' });
    expect(ends(found)).toMatch(/^succeeded\/approved/);
    expect(JSON.stringify(found.writes)).toContain('approved on issue 9');
  });

  test('without reviewers in the manifest, people who may write to the repository', async () => {
    await openGitHub();
    writeRules('');
    says('noor', '/approve 1.0.0');
    const refused = await comment();
    expect(ends(refused)).toMatch(/^pending\/approvals-missing: .*noor \(has the permission `triage` for acme\/churn/);
    expect(refused.writes).toEqual([]);
    says('alice', '/approve 1.0.0');
    expect(ends(await comment())).toMatch(/^succeeded\/approved/);
  });

  test.each(['none', undefined])(
    'a person who is named and lost the access (%s) decides nothing any more',
    async (lost) => {
      await openGitHub();
      for (const login of ['alice', 'bob']) says(login, '/approve 1.0.0');
      const { bob: _bob, ...others } = github.state.permissions;
      github.state.permissions = lost === undefined ? others : { ...others, bob: lost };
      const found = await comment();
      expect(ends(found)).toMatch(
        /^pending\/approvals-missing: .*does not count: bob \(has no access to acme\/churn now\)/,
      );
      expect(found.writes).toEqual([]);
      // A member of a team stands in.
      says('carol', '/approve 1.0.0');
      says('bob', '/reject no');
      const approved = await comment();
      expect(approved.writes).toEqual([
        expect.objectContaining({ ApprovalDescription: expect.stringMatching(/^alice, carol: /) }),
      ]);
      expect(approved.report?.result.remarks).toEqual([
        'the rejection of bob on pull request 7 does not count: has no access to acme/churn now',
      ]);
    },
  );

  test('one rejection rejects, with its reason, also an approved version; an approval takes none back', async () => {
    await openGitHub();
    says('alice', '/approve 1.0.0');
    says('bob', '/approve 1.0.0');
    await comment();
    await account.pass(minutes(1));
    says('carol', '/reject 2.3% of the rows are mislabelled');
    const found = await comment();
    expect(ends(found)).toMatch(/^rejected\/approval-rejected: .*2\.3% of the rows are mislabelled/);
    expect(found.writes).toHaveLength(1);
    says('carol', '/approve 1.0.0');
    expect(await comment()).toMatchObject({ writes: [], report: { result: { reason: 'approval-rejected' } } });
  });

  test('the last decision of a person counts', async () => {
    await openGitHub();
    says('bob', '/approve 1.0.0');
    says('alice', '/reject I saw an old report');
    says('alice', '/approve 1.0.0');
    expect(ends(await comment())).toMatch(/^succeeded/);
  });

  test('an app decides nothing, whatever it may write to', async () => {
    await openGitHub({ state: { permissions: { 'ci[bot]': 'write' } } });
    writeRules('');
    says('ci[bot]', '/approve 1.0.0');
    const found = await comment();
    expect(ends(found)).toMatch(/^pending\/approvals-missing/);
    expect(found.writes).toEqual([]);
  });

  test('a rejection of another version is about that one; a reason may begin with numbers', async () => {
    await openGitHub();
    says('bob', '/reject churn_v1.0.0 is another model');
    says('carol', '/reject iris_v0.9.0 is another version');
    const others = await comment();
    expect(ends(others)).toMatch(/^pending\/approvals-missing/);
    expect(others.writes).toEqual([]);
    says('carol', '/reject 10.0.0.1 did not answer');
    expect(ends(await comment())).toMatch(/^rejected\/approval-rejected: .*10\.0\.0\.1 did not answer/);
  });

  test('an author may reject', async () => {
    await openGitHub();
    says('mina', '/reject I found a mistake');
    expect(ends(await comment())).toMatch(/^rejected\/approval-rejected/);
  });

  test('the author of the comment that started the run may approve', async () => {
    await openGitHub();
    says('omar', '/approve 1.0.0');
    says('alice', '/approve 1.0.0');
    expect(ends(await comment())).toMatch(/^succeeded/);
  });

  const missing = 'pending/approvals-missing';
  const self = 'rejected/self-approval';
  const evidence = 'pending/evidence-changed';
  test.each<readonly [string, () => Promise<unknown> | unknown, string, RegExp]>([
    ['no person', () => {}, missing, /0 of 2 approvals on pull request 7; missing: 2 of alice/],
    ['one person', () => {}, missing, /1 of 2 approvals .*; approved: alice; missing: 1 of bob, /],
    ['a person outside of the list', () => says('noor', '/approve 1.0.0'), missing, /noor \(not among/],
    ['the author of the commit', () => says('Mina', '/approve 1.0.0'), self, /Mina \(author of commit c0ffee\)/],
    ['its committer', () => says('cleo', '/approve 1.0.0'), self, /cleo \(author of commit c0ffee\)/],
    ['the author of the pull request', () => says('olga', '/approve 1.0.0'), self, /olga \(author of pull request 7\)/],
    ['the author of its newest commit', () => says('pia', '/approve 1.0.0'), self, /pia \(author of commit decade\)/],
    ['the person who registered it', () => says('rita', '/approve 1.0.0'), self, /rita \(started run 100\)/],
    ['an app', () => says('bob[bot]', '/approve 1.0.0'), missing, /1 of 2/],
    ['another version', () => says('bob', '/approve 0.9.0'), missing, /1 of 2 approvals[^(]*$/],
    ['another model', () => says('bob', '/approve churn_v1.0.0'), missing, /1 of 2 approvals[^(]*$/],
    ['a text that is no version', () => says('bob', '/approve looks good'), missing, /"looks good" is no version/],
    ['a quotation', () => says('bob', '> /approve 1.0.0'), missing, /1 of 2/],
    ['a block of code', () => says('bob', '```\n/approve 1.0.0\n```'), missing, /1 of 2/],
    ['a sentence', () => says('bob', 'please /approve 1.0.0'), missing, /1 of 2/],
    [
      'an edited comment',
      () => edit(says('bob', 'hello'), '/approve 1.0.0'),
      missing,
      /bob \(the comment was edited: write a new one\)/,
    ],
    ['a version that is not named, without evidence', () => says('bob', '/approve'), missing, /no evidence of iris_v1/],
    [
      'evidence of a person’s own making',
      async () => {
        await showEvidence('bob');
        says('bob', '/approve');
      },
      missing,
      /no evidence of iris_v1\.0\.0 is shown/,
    ],
    [
      'evidence in another comment of an app',
      async () => {
        await showEvidence();
        github.state.comments = github.state.comments.map((one) =>
          one.body.includes('evidence iris') ? { ...one, body: `A quotation:\n${one.body}` } : one,
        );
        says('bob', '/approve');
      },
      missing,
      /no evidence of iris_v1\.0\.0 is shown/,
    ],
    [
      'evidence of another version',
      async () => {
        await showEvidence(undefined, 'iris_v0.9.0');
        says('bob', '/approve');
      },
      missing,
      /no evidence of iris_v1\.0\.0 is shown/,
    ],
    [
      'an approval before the evidence',
      async () => {
        says('bob', '/approve');
        await account.pass(minutes(1));
        await showEvidence();
      },
      evidence,
      /bob \(older than the evidence of iris_v1\.0\.0\)/,
    ],
    [
      'evidence that changed before the approval',
      async () => {
        await showEvidence();
        await update({ CustomerMetadataProperties: { note: 'edited' } });
        await account.pass(minutes(1));
        says('bob', '/approve');
        says('alice', '/approve 1.0.0');
      },
      evidence,
      /bob \(iris_v1\.0\.0 changed after its evidence was shown\)/,
    ],
    [
      'a version that changed after the approval that names it',
      async () => {
        says('bob', '/approve 1.0.0');
        await account.pass(minutes(1));
        await update({ CustomerMetadataProperties: { note: 'edited' } });
        await account.pass(minutes(1));
        says('alice', '/approve 1.0.0');
      },
      evidence,
      /bob \(iris_v1\.0\.0 changed after the comment\)/,
    ],
  ])('writes nothing for %s', async (name, arrange, end, because) => {
    await openGitHub();
    if (name !== 'no person') says('alice', '/approve 1.0.0');
    await arrange();
    const found = await comment();
    expect(ends(found)).toMatch(because);
    expect(ends(found).startsWith(`${end}: `)).toBe(true);
    expect(found.writes).toEqual([]);
  });

  test('writes nothing for the person who started the run by another event than a comment', async () => {
    await openGitHub();
    says('omar', '/approve 1.0.0');
    says('alice', '/approve 1.0.0');
    const found = await comment({}, { environment: { GITHUB_EVENT_NAME: 'workflow_dispatch' } });
    expect(ends(found)).toMatch(/^rejected\/self-approval: .*omar \(started run 200\)/);
    expect(found.writes).toEqual([]);
  });

  test('an edited rejection takes the same person’s approval back, holds the gate, and is a line of the report', async () => {
    await openGitHub();
    says('alice', '/approve 1.0.0');
    says('bob', '/approve 1.0.0');
    const id = says('bob', '/reject no');
    await edit(id, '/reject no, really');
    const found = await comment();
    expect(ends(found)).toMatch(
      /^pending\/approvals-missing: .*1 of 2 approvals.*bob \(rejection; the comment was edit/,
    );
    expect(found.report?.result.remarks).toEqual([
      'the rejection of bob on pull request 7 does not count: the comment was edited: write a new one',
    ]);
    says('noor', '/reject me too');
    says('carol', '/approve 1.0.0');
    const held = await comment();
    expect(ends(held)).toMatch(
      /^pending\/approvals-missing: .*2 of 2 .*nothing is approved until bob writes a new decis/,
    );
    expect(held.writes).toEqual([]);
    says('bob', '/approve 1.0.0');
    const approved = await comment();
    expect(ends(approved)).toMatch(/^succeeded/);
    expect(approved.report?.result.remarks).toEqual([
      expect.stringMatching(/^the rejection of noor .* does not count: not among the reviewers/),
    ]);
  });

  describe('of an approved version, whose rejection is in doubt', () => {
    beforeEach(async () => {
      await openGitHub();
      for (const login of ['alice', 'bob']) says(login, '/approve 1.0.0');
      expect(ends(await comment())).toMatch(/^succeeded\/approved/);
      await account.pass(minutes(1));
    });
    const held = (by: string): RegExp =>
      new RegExp(
        `^pending/approvals-missing: iris_v1\\.0\\.0 \\(package 1\\) is approved, but a rejection .*: no delivery goes on until ${by} writes a new decision$`,
      );

    test('the gate holds while it stands, and writes nothing', async () => {
      await edit(says('bob', 'hm'), '/reject no');
      const found = await comment();
      expect(ends(found)).toMatch(held('bob'));
      expect(found.writes).toEqual([]);
      expect(found.report?.result.outputs['approval-status']).toBe('Approved');
      says('bob', '/approve 1.0.0');
      expect(ends(await comment())).toMatch(/^succeeded\/approved/);
      says('bob', '/reject no');
      expect(ends(await comment())).toMatch(/^rejected\/approval-rejected/);
    });

    test('an approval by an author beside it makes no other end', async () => {
      says('mina', '/approve 1.0.0');
      says('bob', '> good?\n/reject no');
      expect(ends(await comment())).toMatch(held('bob'));
    });

    test('a rejection by a person who may not decide, or of another version, holds nothing', async () => {
      await edit(says('noor', 'hm'), '/reject no');
      says('bob', '/reject 0.9.0');
      const found = await comment();
      expect(ends(found)).toMatch(/^succeeded\/approved/);
      expect(found.report?.result.remarks).toHaveLength(2);
    });

    test('a rejection by a person who may be a member of a hidden team holds it', async () => {
      await github.close();
      await openGitHub({ lacks: ['members'] });
      says('stranger', '/reject biased');
      expect(ends(await comment())).toMatch(
        /^pending\/approvals-missing: .* is approved, but it is not known whether the rejection of stranger .*`members: read`/,
      );
    });
  });

  describe('with a token that may not read teams', () => {
    const stranger = 'it is not known whether the rejection of stranger on pull request 7 counts: the token lacks';

    test('the approval of a stranger blocks nothing', async () => {
      await openGitHub({ lacks: ['members'] });
      for (const login of ['alice', 'bob', 'stranger']) says(login, '/approve 1.0.0');
      const { writes } = await comment();
      expect(writes).toEqual([
        expect.objectContaining({ ApprovalDescription: expect.stringMatching(/^alice, bob: /) }),
      ]);
    });

    test('nothing is approved beside a rejection by a person who may be a member', async () => {
      await openGitHub({ lacks: ['members'] });
      for (const login of ['alice', 'bob']) says(login, '/approve 1.0.0');
      says('stranger', '/reject biased');
      const found = await comment();
      expect(ends(found)).toMatch(
        /^pending\/approvals-missing: .*: 2 of 2 approvals on pull request 7; approved: alice, bob; it is not known whether the rejection of stranger on pull request 7 counts: .*`members: read`$/,
      );
      expect(found.writes).toEqual([]);
      expect(found.report?.result.remarks).toEqual([expect.stringContaining(stranger)]);
    });

    test('nothing is approved beside a doubtful rejection by a person who may be a member', async () => {
      await openGitHub({ lacks: ['members'] });
      for (const login of ['alice', 'bob']) says(login, '/approve 1.0.0');
      await edit(says('carol', 'hm'), '/reject biased');
      const found = await comment();
      expect(ends(found)).toMatch(
        /^pending\/approvals-missing: .*nothing is approved until carol writes a new decision/,
      );
      expect(found.writes).toEqual([]);
    });

    test('such a rejection is a line beside the rejection of a person who is named, and beside too few approvals', async () => {
      await openGitHub({ lacks: ['members'] });
      says('alice', '/approve 1.0.0');
      says('stranger', '/reject biased');
      const few = await comment();
      expect(ends(few)).toMatch(/^pending\/approvals-missing: .*missing: 1 of bob, .*rejection of stranger/);
      says('bob', '/reject no');
      const found = await comment();
      expect(ends(found)).toMatch(/^rejected\/approval-rejected: .*bob: rejected on pull request 7/);
      expect(found.report?.result.remarks).toEqual([expect.stringContaining(stranger)]);
    });

    test('a team that is absent is as good as one that is hidden', async () => {
      await openGitHub();
      writeRules(twoOf('alice', 'bob', '@acme-labs/ml-leads'));
      for (const login of ['alice', 'bob']) says(login, '/approve 1.0.0');
      says('carol', '/reject biased');
      const found = await comment();
      expect(ends(found)).toMatch(/^pending\/approvals-missing: .*rejection of carol .*@acme-labs\/ml-leads/);
      expect(found.writes).toEqual([]);
    });
  });

  test('reports that the package names no commit; the authors of the pull request do not count', async () => {
    await openGitHub();
    await registerWithoutCommit();
    says('alice', '/approve 2.0.0');
    says('olga', '/approve 2.0.0');
    const self = await comment({ version: '2.0.0' });
    expect(ends(self)).toMatch(/^rejected\/self-approval: .*olga \(author of pull request 7\)/);
    says('bob', '/approve 2.0.0');
    const found = await comment({ version: '2.0.0' });
    expect(found.writes).toHaveLength(1);
    expect(found.report?.result.remarks).toEqual([
      expect.stringContaining(`${namesNoCommit}, so an approval of theirs is not noticed unless they are authors`),
    ]);
    expect(found.report?.result.remarks?.[0]).toContain('commit decade or pull request 7 too');
  });

  test('on an issue, the package without a commit has its line too', async () => {
    await openGitHub();
    await registerWithoutCommit();
    for (const login of ['alice', 'bob']) says(login, '/approve 2.0.0', 9);
    const found = await comment({ version: '2.0.0', 'pull-request': '', issue: '9' });
    expect(found.writes).toHaveLength(1);
    expect(found.report?.result.remarks).toEqual([
      expect.stringMatching(/names no commit: .* is not noticed; the pip/),
    ]);
  });

  test.each(['olga', 'pia'])('the issue that is a pull request has its author %s too', async (login) => {
    await openGitHub();
    await registerWithoutCommit();
    says('alice', '/approve 2.0.0');
    says(login, '/approve 2.0.0');
    const found = await comment({ version: '2.0.0', 'pull-request': '', issue: '7' });
    expect(ends(found)).toMatch(/^rejected\/self-approval: .*\(author of /);
    expect(found.writes).toEqual([]);
  });

  test('an issue that is absent is named', async () => {
    await openGitHub();
    const found = await comment({ 'pull-request': '', issue: '99' });
    expect(ends(found)).toMatch(/^failed\/.*could not read the comments of issue 99: it is not there/);
  });

  test('a version that is still to be derived is not for the gate', async () => {
    await openGitHub();
    expect(ends(await comment({ version: 'next' }))).toMatch(
      /^failed\/invalid-input: version: "next" is for register-model/,
    );
  });

  test('a rejection from before the version was registered is about another one', async () => {
    await openGitHub();
    github.state.comments = [
      {
        id: 1,
        on: 7,
        user: user('bob'),
        body: '/reject bad',
        createdAt: '2020-01-01T00:00:00Z',
        updatedAt: '2020-01-01T00:00:00Z',
      },
    ];
    const found = await comment();
    expect(found.writes).toEqual([]);
    expect(found.report?.result.remarks).toEqual([expect.stringMatching(/bob .*: it is older than iris_v1\.0\.0/)]);
  });

  test.each<readonly [string, readonly string[], RegExp]>([
    ['the comments', ['pull_requests', 'issues'], /permissions: pull-requests: read/],
    ['contents', ['contents'], /permissions: contents: read/],
    ['the runs', ['actions'], /permissions: actions: read/],
    ['members', ['members'], /GitHub App with `members: read`/],
  ])('names the missing permission for %s, and writes nothing', async (_name, lacks, because) => {
    await openGitHub({ lacks });
    says('alice', '/approve 1.0.0');
    says('carol', '/approve 1.0.0');
    const found = await comment();
    expect(ends(found)).toMatch(/^failed\/github-refused/);
    expect(ends(found)).toMatch(because);
    expect(found.writes).toEqual([]);
  });

  test.each<readonly [string, Readonly<Record<string, string>>, RegExp]>([
    ['a pull request that is not there', { 'pull-request': '8' }, /acme\/churn has no pull request 8/],
    ['both', { issue: '9' }, /pull-request and issue: mode: comment reads one/],
    ['no number', { 'pull-request': 'x' }, /pull-request: "x" is not a number of GitHub's/],
    ['an input of another mode', { 'github-environment': 'production' }, /it belongs to mode: record/],
  ])('refuses %s', async (_name, inputs, because) => {
    await openGitHub();
    const found = await comment(inputs);
    expect(ends(found)).toMatch(/^failed\/invalid-input/);
    expect(ends(found)).toMatch(because);
    expect(found.writes).toEqual([]);
  });

  test('where the commit has no pull request it names the inputs', async () => {
    await openGitHub({ state: { pullRequests: [] } });
    const found = await comment({ 'pull-request': '' });
    expect(ends(found)).toMatch(/^failed\/invalid-input: .*set the input pull-request or issue/);
  });

  test('an approval that names no author in GitHub has a line about it', async () => {
    await openGitHub({ state: { commits: [{ sha: 'decade' }], runs: [] } });
    says('alice', '/approve 1.0.0');
    says('bob', '/approve 1.0.0');
    const found = await comment();
    expect(ends(found)).toMatch(/^succeeded/);
    const unknown = 'has an author or committer whose address no account at GitHub has: an approval of theirs is not';
    expect(found.report?.result.remarks).toEqual([
      expect.stringContaining(`commit decade ${unknown} noticed`),
      expect.stringContaining('commit c0ffee of iris_v1.0.0 is not in acme/churn'),
      expect.stringContaining(`a commit of pull request 7 ${unknown} noticed`),
      expect.stringContaining('run 100, which registered iris_v1.0.0, is gone'),
    ]);
  });
});
