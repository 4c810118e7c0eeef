import { Fn, type Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { environment, environmentName, pipelineParts } from './pipeline-parts.ts';
import { given, onlyIf, openTemplate, parameter } from './template.ts';

const named = (name: string): string => Fn.ref(name);
const ofTag = '#{Source.TagName}';

/** What changes the model: the same paths as in the examples for GitHub Actions. A trigger for tags has no paths. */
const contentOf = { includes: [named('TrainingJobFile'), named('Manifest')] };

const gateOf = (stack: Stack, name: string, what: string): string => {
  parameter(stack, name, {
    description: `Gate of ${what}: policy decides by approval.policy of the manifest, wait waits for a person.`,
    default: 'policy',
    allowedValues: ['policy', 'wait'],
  });
  return named(name);
};

/** GitHub Flow: `main` is on staging; a tag goes to staging and, once a person has approved it, to production. */
export const githubFlowTemplate = (app: Construct): Stack => {
  const stack = openTemplate(app, 'github-flow', 'model-delivery: the pipelines of GitHub Flow');
  const parts = pipelineParts(stack, { registers: true, stagingAnswers: true });
  parameter(stack, 'Branch', { description: 'The main branch.', default: 'main' });
  parameter(stack, 'Tags', { description: 'Tags of versions.', default: '*_v*' });
  environment(stack, 'StagingEnvironment', 'Environment of the manifest that builds go to.', 'staging');
  environment(stack, 'ProductionEnvironment', 'Environment of the manifest that versions go to.', 'production');
  const build = '0.0.0-build.#{Source.CommitId}';
  const [staging, production] = [named('StagingEnvironment'), named('ProductionEnvironment')];
  parts.pipeline(
    'Main',
    [
      parts.source(named('Branch')),
      parts.register(staging, build),
      parts.test('Test', staging, build),
      parts.approve(staging, build, gateOf(stack, 'StagingGate', 'builds of the main branch')),
      parts.deploy('Staging', staging, build),
    ],
    { push: [{ branches: { includes: [named('Branch')] }, filePaths: contentOf }] },
  );
  parts.pipeline(
    'Release',
    [
      parts.source(named('Branch')),
      parts.register(production, ofTag),
      parts.test('Test', production, ofTag),
      parts.approve(production, ofTag, 'wait'),
      parts.test('TestStaging', staging, ofTag),
      parts.deploy('Staging', staging, ofTag),
      ...parts.testOnStaging('Test', production, ofTag),
      parts.production(production, ofTag),
    ],
    { push: [{ tags: { includes: [named('Tags')] } }] },
  );
  parts.watchdog(production, named('Branch'));
  return stack;
};

/** Gitflow: `develop` is on dev, a release candidate goes to staging, a final tag to production. */
export const gitflowTemplate = (app: Construct): Stack => {
  const stack = openTemplate(app, 'gitflow', 'model-delivery: the pipelines of Gitflow');
  const parts = pipelineParts(stack, { registers: true, stagingAnswers: false });
  parameter(stack, 'DevelopBranch', { description: 'The branch of development.', default: 'develop' });
  parameter(stack, 'MainBranch', { description: 'The branch of final versions.', default: 'main' });
  parameter(stack, 'CandidateTags', { description: 'Tags of release candidates.', default: '*_v*-rc.*' });
  parameter(stack, 'FinalTags', {
    description: 'Tags of versions; those of candidates are excluded.',
    default: '*_v*',
  });
  environment(stack, 'DevEnvironment', 'Environment of the manifest that builds go to.', 'dev');
  environment(stack, 'StagingEnvironment', 'Environment of the manifest that candidates go to.', 'staging');
  environment(stack, 'ProductionEnvironment', 'Environment of the manifest that versions go to.', 'production');
  const build = '0.0.0-alpha.#{Source.CommitId}';
  const dev = named('DevEnvironment');
  const [staging, production] = [named('StagingEnvironment'), named('ProductionEnvironment')];
  parts.pipeline(
    'Develop',
    [
      parts.source(named('DevelopBranch')),
      parts.register(dev, build),
      parts.test('Test', dev, build),
      parts.approve(dev, build, gateOf(stack, 'DevGate', 'builds of the branch of development')),
      parts.deploy('Dev', dev, build),
    ],
    { push: [{ branches: { includes: [named('DevelopBranch')] }, filePaths: contentOf }] },
  );
  parts.pipeline(
    'Candidate',
    [
      parts.source(named('MainBranch')),
      parts.register(staging, ofTag),
      parts.test('Test', staging, ofTag),
      parts.approve(staging, ofTag, gateOf(stack, 'StagingGate', 'release candidates')),
      parts.deploy('Staging', staging, ofTag),
    ],
    { push: [{ tags: { includes: [named('CandidateTags')] } }] },
  );
  parts.pipeline(
    'Final',
    [
      parts.source(named('MainBranch')),
      parts.register(production, ofTag),
      parts.test('Test', production, ofTag),
      parts.approve(production, ofTag, 'wait'),
      parts.production(production, ofTag),
    ],
    { push: [{ tags: { includes: [named('FinalTags')], excludes: [named('CandidateTags')] } }] },
  );
  parts.watchdog(production, named('MainBranch'));
  return stack;
};

/** One pipeline for versions that others registered: it gets the version, or the ARN of its package, when it is started. */
export const promotionTemplate = (app: Construct): Stack => {
  const stack = openTemplate(
    app,
    'promotion',
    'model-delivery: a pipeline that delivers the version it is started with',
  );
  const parts = pipelineParts(stack, { registers: false, stagingAnswers: true });
  parameter(stack, 'Branch', { description: 'The branch with the manifest.', default: 'main' });
  const staged = given(
    stack,
    'HasStaging',
    parameter(stack, 'StagingEnvironment', {
      description: 'Environment of the manifest that a version goes to first; empty for none.',
      default: '',
      allowedPattern: `(${environmentName})?`,
    }),
  );
  environment(stack, 'ProductionEnvironment', 'Environment of the manifest that versions go to.', 'production');
  const version = '#{variables.VERSION}';
  const [staging, production] = [named('StagingEnvironment'), named('ProductionEnvironment')];
  parts.pipeline(
    'Promotion',
    [
      parts.source(named('Branch')),
      parts.test('Test', production, version),
      parts.approve(production, version, 'wait'),
      onlyIf(staged.logicalId, parts.test('TestStaging', staging, version)),
      onlyIf(staged.logicalId, parts.deploy('Staging', staging, version)),
      ...parts.testOnStaging('Test', production, version),
      parts.production(production, version),
    ],
    {},
    { variables: [{ name: 'VERSION', description: 'Version to deliver: 1.4.0, a tag, or the ARN of its package' }] },
  );
  parts.pipeline(
    'Rejection',
    [
      parts.source(named('Branch')),
      parts.takeBack([
        ['Production', production],
        ['Staging', staging, staged.logicalId],
      ]),
    ],
    {},
    { variables: [{ name: 'REJECTED', description: 'Rejected version: 1.4.0, a tag, or the ARN of its package' }] },
  );
  parts.watchdog(production, named('Branch'));
  return stack;
};
