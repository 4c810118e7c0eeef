import type { Values } from './expressions.ts';
import type { Answer, Course, World } from './workflow-scheduler.ts';

/** One row: the world's behaviour, and the required result. `ran` omits the checkouts; `ends` is `version outcome/reason-code`. */
export interface FlowRow extends World {
  readonly ran: readonly string[];
  readonly jobs: Course['jobs'];
  readonly ends?: string;
}

const says = (outcome: string, reason: string, outputs: Answer['outputs'] = {}): Answer => ({
  fails: outcome !== 'succeeded',
  outputs: { outcome, 'reason-code': reason, ...outputs },
});

const place: Values = { repository: 'acme/churn', repository_owner: 'acme', sha: 'c0ffee' };
const branch = (name: string, event: string): Values => ({
  ...place,
  event_name: event,
  ref: `refs/heads/${name}`,
  ref_type: 'branch',
  ref_name: name,
});
const push = (name: string): Values => branch(name, 'push');
const tag = (name: string, event = 'push'): Values => ({
  ...place,
  event_name: event,
  ref: `refs/tags/${name}`,
  ref_type: 'tag',
  ref_name: name,
});
const release = (action: string): Values => ({ ...tag('churn_v1.4.0', 'release'), event: { action } });
const pullRequest = (from = 'acme/churn'): Values => ({
  ...branch('7/merge', 'pull_request'),
  ref: 'refs/pull/7/merge',
  event: { pull_request: { number: 7, head: { repo: { full_name: from } } } },
});

const allSkipped = { check: 'skipped', register: 'skipped', dev: 'skipped', staging: 'skipped', production: 'skipped' };
type Jobs = Course['jobs'];
const registered = says('succeeded', 'registered', { version: '1.4.0' });
const delivered = says('succeeded', 'delivered', { version: '1.4.0', 'serving-version': '1.4.0' });
const convicted = says('rolled-back', 'convicted', { version: '1.4.0' });
const pending = (reason = 'approval-pending'): Answer => ({
  outputs: { outcome: 'pending', 'reason-code': reason, version: '1.4.0' },
});

const github = (changed: Jobs): Jobs => ({ ...(allSkipped as Jobs), tag: 'skipped', ...changed });
const onMain = {
  inputs: {},
  github: push('main'),
  steps: { 'register/register': registered },
  calls: { staging: delivered },
} as const;
const withDev = { ...onMain, inputs: { dev: 'dev' }, calls: { dev: delivered, staging: delivered } } as const;
const theTag = {
  inputs: {},
  github: tag('churn_v1.4.0'),
  steps: { 'tag/gate': says('succeeded', 'approved', { version: '1.4.0', commit: 'c0ffee' }) },
  calls: { production: delivered },
} as const;
const tagSteps = [
  'tag/The tag is on the main branch',
  'tag/gate',
  'tag/The tag is at the commit of the version',
] as const;

/** The steps of the check of a pull request, in their order. */
const plansOfCheck = ['check/register', 'check/staging', 'check/production'] as const;
const noChange = says('succeeded', 'already-delivered');

/** The check of a pull request is the same in both flows. @param jobs of the flow, all others skipped */
const checks = (jobs: (changed: Jobs) => Jobs, version: string): Readonly<Record<string, FlowRow>> => {
  const planned = {
    inputs: {},
    github: pullRequest(),
    steps: {
      'check/register': says('succeeded', 'planned', { version }),
      'check/staging': noChange,
      'check/production': says('succeeded', 'manifest-planned'),
    },
  };
  const [passed, failed] = [jobs({ check: 'success' }), jobs({ check: 'failure' })];
  const tested = { ...planned, inputs: { predictions: 'new.jsonl', 'baseline-predictions': 'old.jsonl' } };
  const fetched = { ...tested, inputs: { ...tested.inputs, 'predictions-artifact': 'predictions' } };
  const pass = { 'check/predictions': says('succeeded', 'predictions-passed', { verdict: 'pass' }) };
  const contradict = { 'check/predictions': says('failed', 'invalid-input') };
  return {
    'a pull request': {
      ...planned,
      ran: plansOfCheck,
      jobs: passed,
      ends: `${version} succeeded/planned`,
    },
    'a pull request whose model cannot be registered': {
      ...tested,
      steps: { ...planned.steps, ...pass, 'check/register': says('failed', 'invalid-input') },
      ran: [...plansOfCheck, 'check/predictions'],
      jobs: failed,
      ends: ' failed/invalid-input',
    },
    'a pull request with predictions': {
      ...tested,
      steps: { ...planned.steps, ...pass },
      ran: [...plansOfCheck, 'check/predictions'],
      jobs: passed,
      ends: `${version} succeeded/planned`,
    },
    'a pull request whose predictions are worse: red, with all plans': {
      ...tested,
      steps: { ...planned.steps, 'check/predictions': says('rejected', 'regression-failed', { verdict: 'fail' }) },
      ran: [...plansOfCheck, 'check/predictions'],
      jobs: failed,
      ends: `${version} rejected/regression-failed`,
    },
    'a pull request with predictions of an earlier job': {
      ...fetched,
      steps: { ...planned.steps, ...pass },
      ran: [...plansOfCheck, 'check/fetch', 'check/predictions'],
      jobs: passed,
      ends: `${version} succeeded/planned`,
    },
    'a pull request whose artifact is missing: the test names the file': {
      ...fetched,
      steps: { ...planned.steps, 'check/fetch': { fails: true }, ...contradict },
      ran: [...plansOfCheck, 'check/fetch', 'check/predictions'],
      jobs: failed,
      ends: `${version} failed/invalid-input`,
    },
    'a pull request with the baseline alone: the action refuses it': {
      ...planned,
      inputs: { 'baseline-predictions': 'old.jsonl' },
      steps: { ...planned.steps, ...contradict },
      ran: [...plansOfCheck, 'check/predictions'],
      jobs: failed,
      ends: `${version} failed/invalid-input`,
    },
    'a pull request with an artifact alone: the action refuses it': {
      ...planned,
      inputs: { 'predictions-artifact': 'predictions' },
      steps: { ...planned.steps, ...contradict },
      ran: [...plansOfCheck, 'check/fetch', 'check/predictions'],
      jobs: failed,
      ends: `${version} failed/invalid-input`,
    },
    'a pull request with predictions alone': {
      ...planned,
      inputs: { predictions: 'new.jsonl' },
      steps: { ...planned.steps, ...pass },
      ran: [...plansOfCheck, 'check/predictions'],
      jobs: passed,
      ends: `${version} succeeded/planned`,
    },
    'a pull request whose manifest cannot be delivered to staging': {
      ...planned,
      steps: { ...planned.steps, 'check/staging': says('failed', 'protection-lost') },
      ran: plansOfCheck,
      jobs: failed,
      ends: `${version} failed/protection-lost`,
    },
    'a pull request whose manifest cannot be delivered to production': {
      ...planned,
      steps: { ...planned.steps, 'check/production': says('failed', 'alarm-cannot-fire') },
      ran: plansOfCheck,
      jobs: failed,
      ends: `${version} failed/alarm-cannot-fire`,
    },
    'a pull request without plans of the endpoints': {
      ...planned,
      inputs: { 'plan-endpoints': false },
      ran: ['check/register'],
      jobs: passed,
      ends: `${version} succeeded/planned`,
    },
    'a pull request whose check is cancelled': {
      ...fetched,
      steps: {},
      cancelledIn: 'check/register',
      ran: ['check/register'],
      jobs: jobs({ check: 'cancelled' }),
      ends: ' cancelled/cancelled',
    },
    'a pull request from a fork': {
      inputs: {},
      github: pullRequest('mina/churn'),
      ran: [],
      jobs: jobs({}),
      ends: ' /',
    },
  };
};

export const gitHubFlow: Readonly<Record<string, FlowRow>> = {
  'main: registered, and delivered to staging': {
    ...onMain,
    ran: ['register/register', 'staging'],
    jobs: github({ register: 'success', staging: 'success' }),
    ends: '1.4.0 succeeded/delivered',
  },
  'main: dev first, then staging': {
    ...withDev,
    ran: ['register/register', 'dev', 'staging'],
    jobs: github({ register: 'success', dev: 'success', staging: 'success' }),
    ends: '1.4.0 succeeded/delivered',
  },
  'main: taken back on dev, so staging does not get it': {
    ...withDev,
    calls: { dev: convicted },
    ran: ['register/register', 'dev'],
    jobs: github({ register: 'success', dev: 'failure' }),
    ends: '1.4.0 rolled-back/convicted',
  },
  'main: taken back on staging': {
    ...onMain,
    calls: { staging: convicted },
    ran: ['register/register', 'staging'],
    jobs: github({ register: 'success', staging: 'failure' }),
    ends: '1.4.0 rolled-back/convicted',
  },
  'main: the registration is refused': {
    ...withDev,
    steps: { 'register/register': says('failed', 'version-taken') },
    ran: ['register/register'],
    jobs: github({ register: 'failure' }),
    ends: ' failed/version-taken',
  },
  'main: the checkout fails': {
    ...onMain,
    steps: { 'register/actions/checkout': { fails: true } },
    ran: [],
    jobs: github({ register: 'failure' }),
    ends: ' failed/job-failed',
  },
  'main: cancelled during the registration': {
    ...withDev,
    steps: {},
    cancelledIn: 'register/register',
    ran: ['register/register'],
    jobs: github({ register: 'cancelled' }),
    ends: ' cancelled/cancelled',
  },
  'main: cancelled during the delivery to dev': {
    ...withDev,
    cancelledIn: 'dev',
    calls: { dev: says('cancelled', 'cancelled', { version: '1.4.0' }) },
    ran: ['register/register', 'dev'],
    jobs: github({ register: 'success', dev: 'cancelled' }),
    ends: '1.4.0 cancelled/cancelled',
  },
  'main: nothing is approved yet, and that is no failure': {
    ...withDev,
    inputs: { dev: 'dev', 'on-pending': 'continue' },
    calls: { dev: pending(), staging: pending() },
    ran: ['register/register', 'dev', 'staging'],
    jobs: github({ register: 'success', dev: 'success', staging: 'success' }),
    ends: '1.4.0 pending/approval-pending',
  },
  'main by another name': {
    ...onMain,
    inputs: { main: 'trunk' },
    github: push('trunk'),
    ran: ['register/register', 'staging'],
    jobs: github({ register: 'success', staging: 'success' }),
    ends: '1.4.0 succeeded/delivered',
  },
  'main at night, retrained': {
    ...onMain,
    github: branch('main', 'schedule'),
    ran: ['register/register', 'staging'],
    jobs: github({ register: 'success', staging: 'success' }),
    ends: '1.4.0 succeeded/delivered',
  },
  'a branch of a pull request': { ...onMain, github: push('better-features'), ran: [], jobs: github({}), ends: ' /' },
  'a workflow of a pull request that runs for main': {
    ...withDev,
    github: branch('main', 'pull_request_target'),
    ran: [],
    jobs: github({}),
    ends: ' /',
  },
  ...checks(github, '1.4.0-dev.c0ffee'),
  'a tag': {
    ...theTag,
    inputs: { dev: 'dev' },
    ran: [...tagSteps, 'production'],
    jobs: github({ tag: 'success', production: 'success' }),
    ends: '1.4.0 succeeded/delivered',
  },
  'a release': {
    ...theTag,
    github: release('published'),
    ran: [...tagSteps, 'production'],
    jobs: github({ tag: 'success', production: 'success' }),
    ends: '1.4.0 succeeded/delivered',
  },
  'a release whose notes are edited': { ...theTag, github: release('edited'), ran: [], jobs: github({}), ends: ' /' },
  'a deleted tag': { ...theTag, github: tag('churn_v1.4.0', 'delete'), ran: [], jobs: github({}), ends: ' /' },
  'a tag: taken back in production': {
    ...theTag,
    calls: { production: convicted },
    ran: [...tagSteps, 'production'],
    jobs: github({ tag: 'success', production: 'failure' }),
    ends: '1.4.0 rolled-back/convicted',
  },
  'a tag that is not on main': {
    ...theTag,
    steps: { ...theTag.steps, 'tag/The tag is on the main branch': { fails: true } },
    ran: tagSteps.slice(0, 1),
    jobs: github({ tag: 'failure' }),
    ends: ' failed/job-failed',
  },
  'a tag without a version': {
    ...theTag,
    steps: { 'tag/gate': says('failed', 'unknown-version') },
    ran: tagSteps.slice(0, 2),
    jobs: github({ tag: 'failure' }),
    ends: ' failed/unknown-version',
  },
  'a tag at another commit': {
    ...theTag,
    steps: { ...theTag.steps, 'tag/The tag is at the commit of the version': { fails: true } },
    ran: tagSteps,
    jobs: github({ tag: 'failure' }),
    ends: '1.4.0 failed/job-failed',
  },
  'a tag of a rejected version': {
    ...theTag,
    steps: { 'tag/gate': says('rejected', 'approval-rejected', { version: '1.4.0' }) },
    ran: tagSteps.slice(0, 2),
    jobs: github({ tag: 'failure' }),
    ends: '1.4.0 rejected/approval-rejected',
  },
  'a tag of a version that nobody approved yet: the delivery decides': {
    ...theTag,
    steps: { 'tag/gate': pending() },
    calls: { production: says('pending', 'approval-pending', { version: '1.4.0' }) },
    ran: [...tagSteps, 'production'],
    jobs: github({ tag: 'success', production: 'failure' }),
    ends: '1.4.0 pending/approval-pending',
  },
};

const git = (changed: Jobs): Jobs => ({
  ...(allSkipped as Jobs),
  final: 'skipped',
  'back-merge': 'skipped',
  ...changed,
});
const alpha = says('succeeded', 'registered', { version: '1.5.0-alpha.3' });
const candidate = says('succeeded', 'registered', { version: '1.4.0-rc.2' });
const onDevelop = {
  inputs: {},
  github: push('develop'),
  steps: { 'register/register': alpha },
  calls: { dev: delivered },
} as const;
const onRelease = {
  inputs: {},
  github: push('release/1.4.0'),
  steps: { 'register/register': candidate },
  calls: { staging: delivered },
} as const;
const theFinal = {
  inputs: {},
  github: tag('churn_v1.4.0'),
  steps: { 'final/register': registered },
  calls: { production: delivered },
} as const;
const finalSteps = ['final/The tag is on the main branch', 'final/register'] as const;
const backMerge = 'back-merge/Open the pull requests that are missing';

export const gitflow: Readonly<Record<string, FlowRow>> = {
  'develop: an alpha on dev': {
    ...onDevelop,
    ran: ['register/register', 'dev'],
    jobs: git({ register: 'success', dev: 'success' }),
    ends: '1.5.0-alpha.3 succeeded/delivered',
  },
  'develop: its model fails on dev': {
    ...onDevelop,
    calls: { dev: convicted },
    ran: ['register/register', 'dev'],
    jobs: git({ register: 'success', dev: 'failure' }),
    ends: '1.5.0-alpha.3 rolled-back/convicted',
  },
  'develop: the registration is refused': {
    ...onDevelop,
    steps: { 'register/register': says('failed', 'version-taken') },
    ran: ['register/register'],
    jobs: git({ register: 'failure' }),
    ends: ' failed/version-taken',
  },
  'develop, without dev': { ...onDevelop, inputs: { dev: '' }, ran: [], jobs: git({}), ends: ' /' },
  'a release branch, without dev': {
    ...onRelease,
    inputs: { dev: '' },
    ran: ['register/register', 'staging'],
    jobs: git({ register: 'success', staging: 'success' }),
    ends: '1.4.0-rc.2 succeeded/delivered',
  },
  'a release branch: a candidate on staging': {
    ...onRelease,
    ran: ['register/register', 'staging'],
    jobs: git({ register: 'success', staging: 'success' }),
    ends: '1.4.0-rc.2 succeeded/delivered',
  },
  'a release branch: its registration is refused': {
    ...onRelease,
    steps: { 'register/register': says('failed', 'version-taken') },
    ran: ['register/register'],
    jobs: git({ register: 'failure' }),
    ends: ' failed/version-taken',
  },
  'a hotfix branch: the same short path': {
    ...onRelease,
    github: push('hotfix/1.3.1'),
    ran: ['register/register', 'staging'],
    jobs: git({ register: 'success', staging: 'success' }),
    ends: '1.4.0-rc.2 succeeded/delivered',
  },
  'branches by other names': {
    ...onRelease,
    inputs: { develop: 'next', release: 'rel-', hotfix: 'fix-' },
    github: push('rel-1.4.0'),
    ran: ['register/register', 'staging'],
    jobs: git({ register: 'success', staging: 'success' }),
    ends: '1.4.0-rc.2 succeeded/delivered',
  },
  'a feature branch': { ...onDevelop, github: push('feature/age'), ran: [], jobs: git({}), ends: ' /' },
  'main itself: the tag delivers': { ...onRelease, github: push('main'), ran: [], jobs: git({}), ends: ' /' },
  'a workflow of a pull request that runs for develop': {
    ...onDevelop,
    github: branch('develop', 'pull_request_target'),
    ran: [],
    jobs: git({}),
    ends: ' /',
  },
  'a tag that begins like a release branch': {
    ...onRelease,
    github: tag('release/1.4.0-rc.1'),
    ran: [],
    jobs: git({}),
    ends: ' /',
  },
  ...checks(git, '1.5.0-dev.c0ffee'),
  'a final tag': {
    ...theFinal,
    ran: [...finalSteps, 'production', backMerge],
    jobs: git({ final: 'success', production: 'success', 'back-merge': 'success' }),
    ends: '1.4.0 succeeded/delivered',
  },
  'a final tag of a hotfix, without the pull request back': {
    ...theFinal,
    inputs: { 'back-merge': false },
    github: release('published'),
    ran: [...finalSteps, 'production'],
    jobs: git({ final: 'success', production: 'success' }),
    ends: '1.4.0 succeeded/delivered',
  },
  'a final tag: nobody approved it yet, and that is no failure': {
    ...theFinal,
    inputs: { 'on-pending': 'continue' },
    calls: { production: pending() },
    ran: [...finalSteps, 'production'],
    jobs: git({ final: 'success', production: 'success' }),
    ends: '1.4.0 pending/approval-pending',
  },
  'a final tag: taken back in production': {
    ...theFinal,
    calls: { production: convicted },
    ran: [...finalSteps, 'production'],
    jobs: git({ final: 'success', production: 'failure' }),
    ends: '1.4.0 rolled-back/convicted',
  },
  'a final tag without a release candidate': {
    ...theFinal,
    steps: { 'final/register': says('failed', 'invalid-input') },
    ran: finalSteps,
    jobs: git({ final: 'failure' }),
    ends: ' failed/invalid-input',
  },
  'a final tag that is not on main': {
    ...theFinal,
    steps: { 'final/The tag is on the main branch': { fails: true } },
    ran: finalSteps.slice(0, 1),
    jobs: git({ final: 'failure' }),
    ends: ' failed/job-failed',
  },
  'the tag of an alpha': { ...theFinal, github: tag('churn_v1.5.0-alpha.2'), ran: [], jobs: git({}), ends: ' /' },
  'the tag of a candidate': { ...theFinal, github: tag('churn_v1.4.0-rc.2'), ran: [], jobs: git({}), ends: ' /' },
  'a release whose notes are edited': { ...theFinal, github: release('edited'), ran: [], jobs: git({}), ends: ' /' },
  'a deleted tag': { ...theFinal, github: tag('churn_v1.4.0', 'delete'), ran: [], jobs: git({}), ends: ' /' },
};

const modelEvent = (detail: Values, more: Values = {}): Values => ({
  ...branch('main', 'repository_dispatch'),
  event: {
    client_payload: {
      event: {
        'detail-type': 'SageMaker Model Package State Change',
        detail: { ModelPackageGroupName: 'churn', ModelPackageVersion: 7, ...detail },
        ...more,
      },
    },
  },
});
const decided = (ModelApprovalStatus: string, ...UpdatedModelPackageFields: readonly string[]): Values =>
  modelEvent({ ModelApprovalStatus, UpdatedModelPackageFields });
const neither = { approved: 'skipped', rejected: 'skipped', resume: 'skipped' } as const;
const atRest = {
  inputs: { resume: 'production' },
  github: modelEvent(
    { EndpointName: 'churn', EndpointStatus: 'IN_SERVICE' },
    { 'detail-type': 'SageMaker Endpoint State Change' },
  ),
  steps: { 'resume/deploy': delivered },
} as const;
const resumed = { ...neither, resume: 'success' } as const;
const badlyResumed = { ...neither, resume: 'failure' } as const;
const unproven = says('inconclusive', 'unproven-traffic', { version: '1.4.0', 'previous-version': '1.3.0' });
const isApproved = { inputs: {}, calls: { approved: delivered } } as const;
const both = '["staging","production"]';

export const modelEvents: Readonly<Record<string, FlowRow>> = {
  'an approval': {
    ...isApproved,
    github: decided('Approved', 'ModelApprovalStatus'),
    ran: ['approved'],
    jobs: { ...neither, approved: 'success' },
    ends: ' succeeded/delivered',
  },
  'a registration as Approved: its event names no fields': {
    ...isApproved,
    github: modelEvent({ ModelApprovalStatus: 'Approved' }),
    ran: [],
    jobs: neither,
    ends: ' /',
  },
  'a registration as Approved: its event has no fields': {
    ...isApproved,
    github: decided('Approved'),
    ran: [],
    jobs: neither,
    ends: ' /',
  },
  'an event that comes late: the version served before': {
    inputs: {},
    calls: { approved: says('succeeded', 'served-before') },
    github: decided('Approved', 'ModelApprovalStatus'),
    ran: ['approved'],
    jobs: { ...neither, approved: 'success' },
    ends: ' succeeded/served-before',
  },
  'an approval that was withdrawn meanwhile': {
    inputs: {},
    calls: { approved: says('rejected', 'approval-rejected') },
    github: decided('Approved', 'ModelApprovalStatus'),
    ran: ['approved'],
    jobs: { ...neither, approved: 'failure' },
    ends: ' rejected/approval-rejected',
  },
  'new metadata of an approved version': {
    ...isApproved,
    github: decided('Approved', 'CustomerMetadataProperties'),
    ran: [],
    jobs: neither,
    ends: ' /',
  },
  'an approval, and no environment for it': {
    ...isApproved,
    inputs: { environment: '' },
    github: decided('Approved', 'ModelApprovalStatus'),
    ran: [],
    jobs: neither,
    ends: ' /',
  },
  'a rejection: each environment by itself': {
    inputs: { 'take-back': both },
    github: decided('Rejected', 'ModelApprovalStatus'),
    ran: ['staging', 'production'].flatMap((name) => [
      `rejected ${name}/Write the event to a file`,
      `rejected ${name}/rollback`,
    ]),
    jobs: { ...neither, rejected: 'success' },
    ends: ' /',
  },
  'a rejection: one environment fails, the other goes back': {
    inputs: { 'take-back': both },
    github: decided('Rejected', 'ModelApprovalStatus'),
    steps: { 'rejected staging/rollback': { fails: true } },
    ran: ['staging', 'production'].flatMap((name) => [
      `rejected ${name}/Write the event to a file`,
      `rejected ${name}/rollback`,
    ]),
    jobs: { ...neither, rejected: 'failure' },
    ends: ' /',
  },
  'a version that waits for its approval': {
    ...isApproved,
    github: decided('PendingManualApproval', 'ModelApprovalStatus'),
    ran: [],
    jobs: neither,
    ends: ' /',
  },
  'an endpoint at rest: its delivery is ended': {
    ...atRest,
    ran: ['resume/deploy', 'resume/verify'],
    jobs: resumed,
    ends: ' succeeded/delivered',
  },
  'an endpoint at rest, changed by others right after': {
    ...atRest,
    steps: { ...atRest.steps, 'resume/verify': { fails: true } },
    ran: ['resume/deploy', 'resume/verify'],
    jobs: badlyResumed,
    ends: ' inconclusive/changed-by-others',
  },
  'an endpoint at rest, and no delivery is under way': {
    ...atRest,
    steps: { 'resume/deploy': says('succeeded', 'nothing-to-resume') },
    ran: ['resume/deploy'],
    jobs: resumed,
    ends: ' succeeded/nothing-to-resume',
  },
  'an event that comes early: another one follows': {
    ...atRest,
    steps: { 'resume/deploy': pending('in-progress') },
    ran: ['resume/deploy'],
    jobs: resumed,
    ends: ' pending/in-progress',
  },
  'an endpoint at rest on the version before': {
    ...atRest,
    steps: { 'resume/deploy': says('rolled-back', 'alarm', { version: '1.4.0', 'previous-version': '1.3.0' }) },
    ran: ['resume/deploy'],
    jobs: badlyResumed,
    ends: ' rolled-back/alarm',
  },
  'an endpoint at rest, inconclusive, and taken back': {
    ...atRest,
    steps: { 'resume/deploy': unproven },
    ran: ['resume/deploy', 'resume/Go back'],
    jobs: badlyResumed,
    ends: ' inconclusive/unproven-traffic',
  },
  'an endpoint at rest, timed out, and taken back': {
    ...atRest,
    steps: { 'resume/deploy': says('timed-out', 'deadline-passed', { 'previous-version': '1.3.0' }) },
    ran: ['resume/deploy', 'resume/Go back'],
    jobs: badlyResumed,
    ends: ' timed-out/deadline-passed',
  },
  'an endpoint at rest, inconclusive, and left alone': {
    ...atRest,
    inputs: { resume: 'production', 'rollback-on-failure': false },
    steps: { 'resume/deploy': unproven },
    ran: ['resume/deploy'],
    jobs: badlyResumed,
    ends: ' inconclusive/unproven-traffic',
  },
  'an endpoint at rest, inconclusive, with nothing to go back to': {
    ...atRest,
    steps: { 'resume/deploy': says('inconclusive', 'unproven-traffic', { version: '1.4.0' }) },
    ran: ['resume/deploy'],
    jobs: badlyResumed,
    ends: ' inconclusive/unproven-traffic',
  },
  'an endpoint at rest, and the checkout fails': {
    ...atRest,
    steps: { ...atRest.steps, 'resume/actions/checkout': { fails: true } },
    ran: [],
    jobs: badlyResumed,
    ends: ' failed/job-failed',
  },
  'an endpoint at rest, cancelled meanwhile': {
    ...atRest,
    steps: {},
    cancelledIn: 'resume/deploy',
    ran: ['resume/deploy'],
    jobs: { ...neither, resume: 'cancelled' },
    ends: ' cancelled/cancelled',
  },
  'an endpoint at rest, cancelled while it waits for traffic': {
    ...atRest,
    steps: { 'resume/deploy': says('timed-out', 'deadline-passed', { 'previous-version': '1.3.0' }) },
    cancelledIn: 'resume/deploy',
    ran: ['resume/deploy'],
    jobs: { ...neither, resume: 'cancelled' },
    ends: ' timed-out/deadline-passed',
  },
  'an endpoint at rest, and no environment for it': { ...atRest, inputs: {}, ran: [], jobs: neither, ends: ' /' },
  'a push that says that an endpoint is at rest': {
    ...atRest,
    github: { ...atRest.github, event_name: 'push' },
    ran: [],
    jobs: neither,
    ends: ' /',
  },
  'an approval where endpoints are looked after, too': {
    ...isApproved,
    inputs: { resume: 'production' },
    github: decided('Approved', 'ModelApprovalStatus'),
    ran: ['approved'],
    jobs: { ...neither, approved: 'success' },
    ends: ' succeeded/delivered',
  },
  'an event of another kind': {
    ...isApproved,
    github: modelEvent({ ModelApprovalStatus: 'Approved' }, { 'detail-type': 'SageMaker Endpoint State Change' }),
    ran: [],
    jobs: neither,
    ends: ' /',
  },
  'another kind that says Rejected': {
    ...isApproved,
    github: modelEvent({ ModelApprovalStatus: 'Rejected' }, { 'detail-type': 'SageMaker Endpoint State Change' }),
    ran: [],
    jobs: neither,
    ends: ' /',
  },
  'a push with the same words': {
    ...isApproved,
    github: { ...decided('Approved', 'ModelApprovalStatus'), event_name: 'push' },
    ran: [],
    jobs: neither,
    ends: ' /',
  },
  'a push that says Rejected': {
    ...isApproved,
    github: { ...decided('Rejected', 'ModelApprovalStatus'), event_name: 'push' },
    ran: [],
    jobs: neither,
    ends: ' /',
  },
};

export const watchdog: Readonly<Record<string, FlowRow>> = {
  'every environment': {
    inputs: { environments: both },
    ran: ['settle staging/settle', 'settle production/settle'],
    jobs: { settle: 'success' },
  },
  'production alone': {
    inputs: {},
    ran: ['settle production/settle'],
    jobs: { settle: 'success' },
  },
};

const trainSteps = [
  'train/actions/setup-python',
  'train/Install scikit-learn',
  'train/Train',
  'train/The committed evaluation is that of this model',
  'train/aws-actions/configure-aws-credentials',
  'train/upload',
] as const;

/** `release.yml` of an example's repository. @param model the job that calls the flow */
export const exampleRelease = (model: string): Readonly<Record<string, FlowRow>> => ({
  'a push: trained, and passed on': {
    inputs: {},
    github: push('main'),
    ran: [...trainSteps, model],
    jobs: { train: 'success', [model]: 'success' },
  },
  'a pull request of the repository': {
    inputs: {},
    github: pullRequest(),
    ran: [...trainSteps, model],
    jobs: { train: 'success', [model]: 'success' },
  },
  'a pull request from a fork: nothing is trained, and the flow checks nothing': {
    inputs: {},
    github: pullRequest('mallory/churn'),
    ran: [model],
    jobs: { train: 'skipped', [model]: 'success' },
  },
  'a tag: nothing is trained': {
    inputs: {},
    github: tag(`${model}_v1.4.0`),
    ran: [model],
    jobs: { train: 'skipped', [model]: 'success' },
  },
  'another evaluation than the committed one: nothing is uploaded, and nothing registered': {
    inputs: {},
    github: push('main'),
    steps: { 'train/The committed evaluation is that of this model': { fails: true } },
    ran: trainSteps.slice(0, 4),
    jobs: { train: 'failure', [model]: 'skipped' },
  },
  'cancelled while it trains': {
    inputs: {},
    github: push('main'),
    cancelledIn: 'train/Train',
    ran: trainSteps.slice(0, 3),
    jobs: { train: 'cancelled', [model]: 'skipped' },
  },
  'a tag, cancelled': {
    inputs: {},
    github: tag(`${model}_v1.4.0`),
    cancelledIn: model,
    ran: [model],
    jobs: { train: 'skipped', [model]: 'cancelled' },
  },
});
