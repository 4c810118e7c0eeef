/**
 * Copies examples/github-flow and examples/gitflow, and plays their releases under act against the local AWS: each commit trains its model, and
 * that model is registered, tested, served and taken back. GitHub Flow has its registry, staging and production in an account each.
 *
 *   node tools/act-flows.ts      needs `act` and the Python of tools/install-verifiers.sh on the PATH; no Docker
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { minutes } from '../src/clock.ts';
import { type PublishedName, policyFor } from '../src/permissions.ts';
import { rehearsedTeam } from '../src/rehearsal/manifest.ts';
import { accounts, placeOf, share, sharedKey, sharedRoles } from '../src/rehearsal/two-accounts.ts';
import { type Example, openExample } from './act-example.ts';
import { expectations, type Reported } from './act-workspace.ts';

const { expect, failures } = expectations();
const trainer = 'model-trainer';
const trainingBucket = 'ml-training';
const upload = (model: string) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: ['s3:PutObject'], Resource: [`arn:aws:s3:::${trainingBucket}/${model}/*`] }],
});
/** The jobs' roles in each account that has an endpoint. */
const jobRoles: Readonly<Record<string, readonly PublishedName[]>> = {
  'model-planner': ['plan', 'after'],
  'model-tester': ['regression-test'],
  'model-deployer': ['deploy-endpoint', 'after'],
  'model-restorer': ['rollback'],
};

/** `green succeeded/already-delivered, 1.0.1 on staging, 1.0.0 in production`. The last step of a delivery only looks once more. */
const telling =
  (flow: string, example: Example) =>
  (title: string, { ended, last }: Reported, expected: string): void =>
    expect(
      `${flow}, ${title}`,
      `${ended} ${last['outcome'] ?? ''}/${last['reason-code'] ?? ''}, ${example.serving()}`,
      expected,
    );

/** The line of the job summaries that gives the reason of the end of an operation: `deploy-endpoint: rolled-back, alarm: …`. */
const reasonIn = (summary: string, operation: string, outcome: string): string => {
  const found = new RegExp(`^## .* ${operation}: (${outcome})\\n\\n\`([\\w-]+)\`: (.*)$`, 'm').exec(summary);
  return found === null ? 'no such summary' : found.slice(1).join(', ');
};

/** The job summary gives the reason. */
const showing =
  (flow: string) =>
  (title: string, reason: string, words: RegExp): void =>
    expect(`${flow}, ${title}`, reason, words.test(reason) ? reason : String(words));

/** Changes of endpoints that exist, and new ones other than those of a test, up to now. */
const deployments = ({ workspace }: Example): number =>
  workspace.simulator.requests.filter(
    ({ operation, status, input }) =>
      /^(Create|Update)Endpoint(WeightsAndCapacities)?$/.test(operation) &&
      status === 200 &&
      !/-test-/.test(String((input as { EndpointName?: string }).EndpointName)),
  ).length;

/** A change of the training script: the model answers as before, and its serving code fails on some requests after a while. */
const breakServing = ({ edit }: Example): void =>
  edit(
    'train.py',
    '"model.json": json.dumps(model).encode()',
    '"model.json": json.dumps(model).encode(), "inference.json": b\'{"healthy": true, "failingShare": 0.05, "failsAfter": 1000, "baseMs": 8, "spreadMs": 8}\'',
  );

const trained = ({ workspace }: Example): Buffer => readFileSync(join(workspace.folder, 'model.tar.gz'));

/** Registry, staging and production in three accounts, with the published policies on both sides. */
const openGitHubFlow = async (): Promise<Example> => {
  const { tooling, staging, production } = accounts;
  const arn = (account: string, role: string): string => `arn:aws:iam::${account}:role/${role}`;
  const jobs = Object.entries(jobRoles).flatMap(([deployer, has]) =>
    [staging, production].map((account) => ({ account, deployer, execution: 'iris-serving', has })),
  );
  const roles = jobs.map(({ account, deployer }) => arn(account, deployer));
  const example = await openExample('github-flow', [...sharedRoles, ...roles, arn(tooling, trainer)]);
  const { simulator, folder } = example.workspace;
  await share(simulator, undefined, jobs);
  simulator.objects.create(trainingBucket, tooling);
  simulator.attachPolicy(arn(tooling, trainer), upload('iris'));
  const registrar = arn(tooling, 'model-registrar');
  const assume = { Effect: 'Allow', Action: ['sts:AssumeRole'], Resource: [registrar] };
  // Versions are registered by jobs of staging.
  simulator.attachPolicy(arn(staging, 'model-planner'), { Version: '2012-10-17', Statement: [assume] });
  const register = policyFor('register-model', { ...placeOf(tooling), artifacts: trainingBucket });
  // docs/permissions/README.md: for versions that are registered as approved.
  const asApproved = JSON.stringify(register).replace('"PendingManualApproval"', '"Approved"');
  simulator.attachPolicy(registrar, JSON.parse(asApproved));
  // docs/permissions/README.md: for buckets encrypted with a key of the team's.
  const useKey = { Effect: 'Allow', Action: ['kms:Decrypt', 'kms:GenerateDataKey'], Resource: [sharedKey] };
  simulator.attachPolicy(registrar, { Version: '2012-10-17', Statement: [useKey] });
  const Policy = readFileSync(join(folder, 'staging-bucket-policy.json'), 'utf8');
  const bucket = `model-delivery-${staging}-${rehearsedTeam.region}`;
  await simulator.account(staging).call('s3', 'PutBucketPolicy', { Bucket: bucket, Policy });
  return example;
};

const gitHubFlow = async (): Promise<void> => {
  const example = await openGitHubFlow();
  const { workspace, develop, push, decide, served, packageOf } = example;
  const { git } = workspace;
  const [tell, show] = [telling('GitHub Flow', example), showing('GitHub Flow')];
  const delivered = 'green succeeded/already-delivered';
  try {
    workspace.commit('feat: a first model');
    workspace.laptop('python3', 'train.py');
    tell('a push', await push(), `${delivered}, 1.0.0 on staging, nothing in production`);
    const first = trained(example);
    workspace.commit('docs: a later commit');
    tell(
      'the tag of a later commit',
      await push('1.0.0'),
      'red succeeded/approved, 1.0.0 on staging, nothing in production',
    );
    git('reset', '--quiet', '--hard', 'HEAD~1');
    tell('its tag', await push('1.0.0'), `${delivered}, 1.0.0 on staging, 1.0.0 in production`);
    const [onStaging, inProduction] = [await served('staging'), await served('production')];
    expect(
      'GitHub Flow, one package in two accounts',
      `${inProduction.modelPackage}, ${inProduction.artifact.equals(first) ? 'as trained' : 'another artifact'}`,
      `arn:aws:sagemaker:eu-west-1:${accounts.tooling}:model-package/iris/1, as trained`,
    );
    expect('GitHub Flow, promoted, not rebuilt', onStaging.modelPackage, inProduction.modelPackage);
    workspace.traffic({ endpoint: 'iris', account: accounts.production, model: 'iris' });
    await workspace.pass(minutes(20));

    develop('fix: a better model', 2);
    tell('a better model', await push(), `${delivered}, 1.0.1 on staging, 1.0.0 in production`);
    await decide('1.0.1', 'Rejected');
    tell(
      'a rejected approval',
      await push('1.0.1'),
      'red rejected/approval-rejected, 1.0.1 on staging, 1.0.0 in production',
    );
    await decide('1.0.1', 'Approved');
    tell('its tag, by a canary', await push('1.0.1'), `${delivered}, 1.0.1 on staging, 1.0.1 in production`);

    const before = deployments(example);
    develop('feat: a smaller model', 1);
    const worse = await push();
    tell('a failing regression', worse, 'red rejected/regression-failed, 1.0.1 on staging, 1.0.1 in production');
    expect('GitHub Flow, deployments of it', String(deployments(example) - before), '0');
    show(
      'its summary',
      reasonIn(worse.summary, 'regression-test', 'rejected'),
      /^rejected, regression-failed, accuracy is 66 % beside 94 %/,
    );

    workspace.write('params.json', '{ "max-depth": 3 }\n');
    workspace.commit('feat: settings without their evaluation');
    tell('another evaluation than the committed one', await push(), 'red /, 1.0.1 on staging, 1.0.1 in production');

    breakServing(example);
    develop('feat: other serving code', 2);
    tell('serving code that fails', await push(), `${delivered}, 1.2.0 on staging, 1.0.1 in production`);
    const back = await push('1.2.0');
    tell('its tag, taken back', back, 'red rolled-back/alarm, 1.2.0 on staging, 1.0.1 in production');
    show(
      'its summary',
      reasonIn(back.summary, 'deploy-endpoint', 'rolled-back'),
      /^rolled-back, alarm, alarm iris-1-2-0-.* requests to 1\.2\.0 failed .*; 1\.0\.1 serves$/,
    );
    expect('GitHub Flow, package in production', (await served('production')).modelPackage, await packageOf('1.0.1'));

    tell(
      'a tag without a version',
      await push('2.0.0'),
      'red failed/unknown-version, 1.2.0 on staging, 1.0.1 in production',
    );
    git('switch', '--quiet', '--create', 'elsewhere');
    workspace.commit('fix: beside main');
    tell('a tag beside main', await push('1.2.1'), 'red /, 1.2.0 on staging, 1.0.1 in production');
  } finally {
    await workspace.close();
  }
};

/** All in one account, whose roles may do what the published policies allow. */
const openGitflow = async (): Promise<Example> => {
  const example = await openExample('gitflow', [...Object.keys(jobRoles), trainer, 'segments-serving']);
  const { workspace, registry, image } = example;
  const { simulator, permit } = workspace;
  simulator.images.tag(image, rehearsedTeam.imageDigest);
  simulator.objects.create(trainingBucket, registry);
  simulator.attachPolicy(trainer, upload('segments'));
  for (const [role, policies] of Object.entries(jobRoles)) permit(role, ...policies);
  permit('model-planner', 'register-model');
  return example;
};

const gitflow = async (): Promise<void> => {
  const example = await openGitflow();
  const { workspace, develop, push, decide, decided, served, packageOf } = example;
  const { git } = workspace;
  const [tell, show] = [telling('Gitflow', example), showing('Gitflow')];
  const delivered = 'green succeeded/already-delivered';
  const branch = (name: string): string => git('switch', '--quiet', '--create', name);
  const merge = (name: string): void => {
    git('switch', '--quiet', 'main');
    git('merge', '--quiet', '--no-ff', '-m', `Merge ${name}`, name);
  };
  /** A branch with one commit, its candidate on staging. */
  const candidate = async (name: string, depth: number, expected: string): Promise<Reported> => {
    branch(name);
    develop(`feat: a tree of depth ${depth}`, depth);
    const found = await push();
    tell(`a push to ${name}`, found, expected);
    return found;
  };
  const tag = async (version: string, expected: string): Promise<void> =>
    tell(`the tag ${version}`, await push(version), expected);
  try {
    workspace.commit('feat: a first model');
    branch('develop');
    tell(
      'a push to develop',
      await push(),
      `${delivered}, 1.0.0-alpha.1 on dev, nothing on staging, nothing in production`,
    );
    await candidate(
      'release/1.0.0',
      4,
      `${delivered}, 1.0.0-alpha.1 on dev, 1.0.0-rc.1 on staging, nothing in production`,
    );
    const first = trained(example);
    await tag('1.0.0', 'red /, 1.0.0-alpha.1 on dev, 1.0.0-rc.1 on staging, nothing in production');
    merge('release/1.0.0');
    await tag(
      '1.0.0',
      'green pending/approval-pending, 1.0.0-alpha.1 on dev, 1.0.0-rc.1 on staging, nothing in production',
    );
    await decide('1.0.0', 'Approved');
    tell(
      'the approval',
      await decided('1.0.0', 'Approved'),
      `${delivered}, 1.0.0-alpha.1 on dev, 1.0.0-rc.1 on staging, 1.0.0 in production`,
    );
    expect(
      'Gitflow, the artifact in production is as trained',
      String((await served('production')).artifact.equals(first)),
      'true',
    );
    workspace.traffic({ endpoint: 'segments', account: accounts.production, model: 'segments' });
    await workspace.pass(minutes(20));

    const staged = (rest: string): string => `1.0.0-alpha.1 on dev, ${rest} in production`;
    await candidate('hotfix/1.0.1', 5, `${delivered}, ${staged('1.0.1-rc.1 on staging, 1.0.0')}`);
    merge('hotfix/1.0.1');
    await tag('1.0.1', `green pending/approval-pending, ${staged('1.0.1-rc.1 on staging, 1.0.0')}`);
    await decide('1.0.1', 'Rejected');
    tell(
      'a rejected approval',
      await push('1.0.1'),
      `red rejected/not-approved, ${staged('1.0.1-rc.1 on staging, 1.0.0')}`,
    );
    await decide('1.0.1', 'Approved');
    tell(
      'the hotfix, by a canary',
      await decided('1.0.1', 'Approved'),
      `${delivered}, ${staged('1.0.1-rc.1 on staging, 1.0.1')}`,
    );
    tell(
      'an approval that comes twice, and late',
      await decided('1.0.0', 'Approved'),
      `green succeeded/served-before, ${staged('1.0.1-rc.1 on staging, 1.0.1')}`,
    );
    await tag('2.0.0', `red failed/invalid-input, ${staged('1.0.1-rc.1 on staging, 1.0.1')}`);

    await candidate('release/1.1.0', 6, `${delivered}, ${staged('1.1.0-rc.1 on staging, 1.0.1')}`);
    merge('release/1.1.0');
    await tag('1.1.0', `green pending/approval-pending, ${staged('1.1.0-rc.1 on staging, 1.0.1')}`);
    breakServing(example);
    await candidate('release/1.2.0', 5, `${delivered}, ${staged('1.2.0-rc.1 on staging, 1.0.1')}`);
    merge('release/1.2.0');
    await tag('1.2.0', `green pending/approval-pending, ${staged('1.2.0-rc.1 on staging, 1.0.1')}`);
    for (const version of ['1.1.0', '1.2.0']) await decide(version, 'Approved');
    tell(
      'the first of two approvals',
      await decided('1.1.0', 'Approved'),
      `${delivered}, ${staged('1.2.0-rc.1 on staging, 1.1.0')}`,
    );
    expect(
      'Gitflow, the approved package serves, not the newest',
      (await served('production')).modelPackage,
      await packageOf('1.1.0'),
    );
    const back = await decided('1.2.0', 'Approved');
    tell('the second, taken back', back, `red rolled-back/alarm, ${staged('1.2.0-rc.1 on staging, 1.1.0')}`);
    show(
      'its summary',
      reasonIn(back.summary, 'deploy-endpoint', 'rolled-back'),
      /^rolled-back, alarm, alarm segments-1-2-0-.* requests to 1\.2\.0 failed .*; 1\.1\.0 serves$/,
    );

    const before = deployments(example);
    const worse = await candidate(
      'release/1.3.0',
      1,
      `red rejected/regression-failed, ${staged('1.2.0-rc.1 on staging, 1.1.0')}`,
    );
    expect('Gitflow, deployments of it', String(deployments(example) - before), '0');
    show(
      'its summary',
      reasonIn(worse.summary, 'regression-test', 'rejected'),
      /^rejected, regression-failed, accuracy is 30\.6 %/,
    );

    await decide('1.1.0', 'Rejected');
    tell(
      'a rejection',
      await decided('1.1.0', 'Rejected'),
      `green succeeded/restored, ${staged('1.2.0-rc.1 on staging, 1.0.1')}`,
    );
  } finally {
    await workspace.close();
  }
};

// The two meet nowhere: each has its own local AWS, its own folder and its own clock.
const ends = await Promise.allSettled([gitHubFlow(), gitflow()]);
const broken = ends.filter((end) => end.status === 'rejected');
for (const { reason } of broken) console.error(reason);
process.exitCode = failures() + broken.length === 0 ? 0 : 1;
