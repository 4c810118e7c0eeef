import type { Answer, Course, World } from './workflow-scheduler.ts';

/** One row: the world's behaviour, and the required result. `ran` omits the checkouts. */
export interface Row extends World {
  readonly ran: readonly string[];
  readonly jobs: Course['jobs'];
  /** `outcome/reason-code` and the serving version, in the caller's view. */
  readonly ends: string;
  readonly serving?: string;
}

const target = { environment: 'production', version: 'churn_v1.4.0' } as const;
const training = { ...target, 'training-job': 'churn-2026-01-05' } as const;

const says = (outcome: string, reason: string, outputs: Answer['outputs'] = {}): Answer => ({
  fails: outcome !== 'succeeded',
  outputs: { outcome, 'reason-code': reason, ...outputs },
});
const key = { 'endpoint-key': 'churn-1a2b3c4d' };
const registered = says('succeeded', 'registered', { version: '1.4.0', ...key });
const planned = says('succeeded', 'planned', { 'would-change': 'true', ...key });
const approved = says('succeeded', 'approved', { version: '1.4.0' });
const delivered = says('succeeded', 'delivered', { 'serving-version': '1.4.0', 'previous-version': '1.3.0' });
const same = says('succeeded', 'already-delivered', { 'would-change': 'false', 'serving-version': '1.4.0', ...key });
const pending = says('pending', 'approval-pending');
const unproven = says('inconclusive', 'unproven-traffic', { 'serving-version': '1.4.0', 'previous-version': '1.3.0' });
const dark = says('succeeded', 'candidate-dark', { 'serving-version': '1.3.0', 'previous-version': '1.3.0' });
const passed = says('succeeded', 'regression-passed');
const worse = says('rejected', 'regression-failed');
const restored = says('succeeded', 'restored', { version: '1.3.0', 'serving-version': '1.3.0' });

const skipped = { test: 'skipped', deliver: 'skipped', bake: 'skipped', rollback: 'skipped' } as const;
const planOnly = { plan: 'success', ...skipped } as const;
const refused = { plan: 'failure', ...skipped } as const;
const green = { plan: 'success', ...skipped, deliver: 'success' } as const;
const red = { ...green, deliver: 'failure' } as const;
const stopped = { ...green, deliver: 'cancelled' } as const;

const whole = ['plan/deployment', 'deliver/gate', 'deliver/deploy', 'deliver/verify'] as const;
const untilDeploy = whole.slice(0, 3);
const untilGate = whole.slice(0, 2);
const good = {
  'plan/deployment': planned,
  'deliver/gate': approved,
  'deliver/deploy': delivered,
  'deliver/verify': same,
} as const;
const walk = [...untilDeploy, 'deliver/shift'] as const;
const stepped = { ...good, 'deliver/deploy': dark, 'deliver/shift': delivered } as const;
const plannedTest = says('succeeded', 'planned', { ...planned.outputs, 'regression-test': 'before-deploy' });
const tested = { ...good, 'plan/deployment': plannedTest, 'test/test': passed } as const;
const plannedDark = says('succeeded', 'planned', { ...planned.outputs, 'regression-test': 'before-shift' });
const testedDark = { ...stepped, 'plan/deployment': plannedDark, 'deliver/test': passed } as const;
const stoppedByTest = { ...planOnly, test: 'failure' } as const;
const safe = { ...target, 'rollback-on-failure': true } as const;
const back = { environment: 'production', rollback: true } as const;
const registering = { ran: ['plan/register', ...whole], steps: { ...good, 'plan/register': registered } } as const;
const left: Answer = {
  outputs: { outcome: 'pending', 'reason-code': 'in-progress', 'previous-version': '1.3.0', 'resume-token': '{}' },
};
const timed = { ...target, 'bake-environment': 'production-bake' } as const;
const baking = { ...good, 'deliver/deploy': left, 'bake/deploy': delivered, 'bake/verify': same } as const;
const baked = { ...green, bake: 'success' } as const;
const badlyBaked = { ...green, bake: 'failure' } as const;
const untilBake = [...untilDeploy, 'bake/deploy'] as const;
const deliveredEnd = { jobs: green, ends: 'succeeded/delivered', serving: '1.4.0' } as const;

export const rows: Readonly<Record<string, Row>> = {
  'a registered version': { inputs: target, steps: good, ran: whole, ...deliveredEnd },
  'a training job’s version': { inputs: training, ...registering, ...deliveredEnd },
  'an image': { inputs: { ...target, image: 'churn:1' }, ...registering, ...deliveredEnd },
  'an artifact': { inputs: { ...target, artifact: 's3://b/model.tar.gz' }, ...registering, ...deliveredEnd },
  'a package of others': { inputs: { ...target, from: '7' }, ...registering, ...deliveredEnd },
  'several containers': { inputs: { ...target, containers: 'containers.json' }, ...registering, ...deliveredEnd },
  'already registered': {
    inputs: training,
    ...registering,
    steps: { ...registering.steps, 'plan/register': says('succeeded', 'already-registered', { version: '1.4.0' }) },
    ...deliveredEnd,
  },
  'already delivered': {
    inputs: target,
    steps: { ...good, 'plan/deployment': same },
    ran: ['plan/deployment'],
    jobs: planOnly,
    ends: 'succeeded/already-delivered',
    serving: '1.4.0',
  },
  'once: it served and was replaced while this run waited': {
    inputs: { ...target, once: true },
    steps: {
      ...good,
      'deliver/deploy': says('succeeded', 'served-before'),
      'deliver/verify': { ...planned, fails: true },
    },
    ran: untilDeploy,
    jobs: green,
    ends: 'succeeded/served-before',
  },
  'plan refused': {
    inputs: target,
    steps: { ...good, 'plan/deployment': says('failed', 'infeasible-rollout', key) },
    ran: ['plan/deployment'],
    jobs: refused,
    ends: 'failed/infeasible-rollout',
  },
  'registration refused': {
    inputs: training,
    steps: { ...good, 'plan/register': says('failed', 'version-taken') },
    ran: ['plan/register'],
    jobs: refused,
    ends: 'failed/version-taken',
  },
  'dry run of a registered version': {
    inputs: { ...target, 'dry-run': true },
    steps: good,
    ran: ['plan/deployment'],
    jobs: planOnly,
    ends: 'succeeded/planned',
  },
  'dry run of a registration': {
    inputs: { ...training, 'dry-run': true },
    steps: { ...good, 'plan/register': says('succeeded', 'planned', { 'would-change': 'true', ...key }) },
    ran: ['plan/register', 'plan/Explain the missing plan'],
    jobs: planOnly,
    ends: 'succeeded/planned',
  },
  'checkout fails in the plan': {
    inputs: training,
    steps: { ...good, 'plan/actions/checkout': { fails: true } },
    ran: [],
    jobs: refused,
    ends: 'failed/job-failed',
  },
  'cancelled after the registration': {
    inputs: training,
    steps: { ...good, 'plan/register': registered, 'plan/deployment': {} },
    cancelledIn: 'plan/deployment',
    ran: ['plan/register', 'plan/deployment'],
    jobs: { plan: 'cancelled', ...skipped },
    ends: 'cancelled/cancelled',
  },
  'approval pending': {
    inputs: target,
    steps: { ...good, 'deliver/gate': pending },
    ran: untilGate,
    jobs: red,
    ends: 'pending/approval-pending',
  },
  'approval pending, which may be': {
    inputs: { ...target, 'on-pending': 'continue' },
    steps: { ...good, 'deliver/gate': { ...pending, fails: false } },
    ran: untilGate,
    jobs: green,
    ends: 'pending/approval-pending',
  },
  'rejected in the registry': {
    inputs: safe,
    steps: {
      ...good,
      'deliver/gate': says('rejected', 'approval-rejected'),
      'deliver/deploy': says('rejected', 'not-approved'),
    },
    ran: [...untilGate, 'deliver/deploy'],
    jobs: red,
    ends: 'rejected/not-approved',
  },
  'rejected in the registry after the run that deployed it was lost': {
    inputs: safe,
    steps: {
      ...good,
      'deliver/gate': says('rejected', 'approval-rejected'),
      'deliver/deploy': says('rolled-back', 'approval-withdrawn'),
    },
    ran: [...untilGate, 'deliver/deploy'],
    jobs: red,
    ends: 'rolled-back/approval-withdrawn',
  },
  'rejected by a reviewer': {
    inputs: safe,
    steps: good,
    heldBack: ['deliver'],
    ran: ['plan/deployment'],
    jobs: red,
    ends: 'inconclusive/job-unheard',
  },
  'checkout fails in the delivery': {
    inputs: target,
    steps: { ...good, 'deliver/actions/checkout': { fails: true } },
    ran: ['plan/deployment'],
    jobs: red,
    ends: 'failed/job-failed',
  },
  'rolled back by its alarm': {
    inputs: safe,
    steps: {
      ...good,
      'deliver/deploy': says('rolled-back', 'alarm', { 'serving-version': '1.3.0', 'previous-version': '1.3.0' }),
    },
    ran: untilDeploy,
    jobs: red,
    ends: 'rolled-back/alarm',
    serving: '1.3.0',
  },
  inconclusive: {
    inputs: target,
    steps: { ...good, 'deliver/deploy': unproven },
    ran: untilDeploy,
    jobs: red,
    ends: 'inconclusive/unproven-traffic',
    serving: '1.4.0',
  },
  'inconclusive, and taken back': {
    inputs: safe,
    steps: { ...good, 'deliver/deploy': unproven, 'deliver/rollback': restored },
    ran: [...untilDeploy, 'deliver/rollback'],
    jobs: red,
    ends: 'inconclusive/unproven-traffic',
    serving: '1.3.0',
  },
  'inconclusive, with nothing to go back to': {
    inputs: safe,
    steps: { ...good, 'deliver/deploy': says('inconclusive', 'unproven-traffic', { 'serving-version': '1.4.0' }) },
    ran: untilDeploy,
    jobs: red,
    ends: 'inconclusive/unproven-traffic',
    serving: '1.4.0',
  },
  'timed out, and taken back': {
    inputs: safe,
    steps: {
      ...good,
      'deliver/deploy': says('timed-out', 'deadline-passed', { 'previous-version': '1.3.0' }),
      'deliver/rollback': restored,
    },
    ran: [...untilDeploy, 'deliver/rollback'],
    jobs: red,
    ends: 'timed-out/deadline-passed',
    serving: '1.3.0',
  },
  'refused at the last moment': {
    inputs: safe,
    steps: { ...good, 'deliver/deploy': says('failed', 'held-by-another-release', { 'previous-version': '1.3.0' }) },
    ran: untilDeploy,
    jobs: red,
    ends: 'failed/held-by-another-release',
  },
  'changed by others after the delivery': {
    inputs: safe,
    steps: { ...good, 'deliver/verify': { ...planned, fails: true } },
    ran: whole,
    jobs: red,
    ends: 'inconclusive/changed-by-others',
  },
  'cancelled while it waits for traffic': {
    inputs: safe,
    steps: { ...good, 'deliver/deploy': says('timed-out', 'deadline-passed', { 'previous-version': '1.3.0' }) },
    cancelledIn: 'deliver/deploy',
    ran: untilDeploy,
    jobs: stopped,
    ends: 'timed-out/deadline-passed',
  },
  'cancelled before it deploys': {
    inputs: safe,
    steps: good,
    cancelledIn: 'deliver/gate',
    ran: untilGate,
    jobs: stopped,
    ends: 'cancelled/cancelled',
  },
  'no run follows: an event or the watchdog ends the delivery': {
    inputs: { ...target, follow: false },
    steps: baking,
    ran: untilDeploy,
    jobs: green,
    ends: 'pending/in-progress',
  },
  'a timer: the second job ends the delivery': {
    inputs: timed,
    steps: baking,
    ran: [...untilBake, 'bake/verify'],
    ...deliveredEnd,
    jobs: baked,
  },
  'a timer, and nothing to bake': {
    inputs: timed,
    steps: { ...baking, 'deliver/deploy': delivered, 'deliver/verify': same },
    ran: whole,
    ...deliveredEnd,
  },
  'a timer: its job was never started': {
    inputs: timed,
    steps: baking,
    heldBack: ['bake'],
    ran: untilDeploy,
    jobs: badlyBaked,
    ends: 'pending/in-progress',
  },
  'a timer: cancelled when SageMaker carried the update out': {
    inputs: timed,
    steps: baking,
    cancelledIn: 'deliver/deploy',
    ran: untilDeploy,
    jobs: stopped,
    ends: 'pending/in-progress',
  },
  'a timer: taken back by its alarm meanwhile': {
    inputs: { ...timed, 'rollback-on-failure': true },
    steps: {
      ...baking,
      'bake/deploy': says('rolled-back', 'alarm', { 'serving-version': '1.3.0', 'previous-version': '1.3.0' }),
    },
    ran: untilBake,
    jobs: badlyBaked,
    ends: 'rolled-back/alarm',
    serving: '1.3.0',
  },
  'a timer: replaced meanwhile': {
    inputs: timed,
    steps: {
      ...baking,
      'bake/deploy': says('succeeded', 'served-before'),
      'bake/verify': { ...planned, fails: true },
    },
    ran: untilBake,
    jobs: baked,
    ends: 'succeeded/served-before',
  },
  'a timer: changed by others after the delivery': {
    inputs: timed,
    steps: { ...baking, 'bake/verify': { ...planned, fails: true } },
    ran: [...untilBake, 'bake/verify'],
    jobs: badlyBaked,
    ends: 'inconclusive/changed-by-others',
  },
  'a timer: inconclusive': {
    inputs: timed,
    steps: { ...baking, 'bake/deploy': unproven },
    ran: untilBake,
    jobs: badlyBaked,
    ends: 'inconclusive/unproven-traffic',
    serving: '1.4.0',
  },
  'a timer: inconclusive, and taken back': {
    inputs: { ...timed, 'rollback-on-failure': true },
    steps: { ...baking, 'bake/deploy': unproven, 'bake/rollback': restored },
    ran: [...untilBake, 'bake/rollback'],
    jobs: badlyBaked,
    ends: 'inconclusive/unproven-traffic',
    serving: '1.3.0',
  },
  'a timer: inconclusive, with nothing to go back to': {
    inputs: { ...timed, 'rollback-on-failure': true },
    steps: { ...baking, 'bake/deploy': says('inconclusive', 'unproven-traffic', { 'serving-version': '1.4.0' }) },
    ran: untilBake,
    jobs: badlyBaked,
    ends: 'inconclusive/unproven-traffic',
    serving: '1.4.0',
  },
  'a timer that is too short: timed out, and taken back': {
    inputs: { ...timed, 'rollback-on-failure': true },
    steps: {
      ...baking,
      'bake/deploy': says('timed-out', 'deadline-passed', { 'previous-version': '1.3.0' }),
      'bake/rollback': restored,
    },
    ran: [...untilBake, 'bake/rollback'],
    jobs: badlyBaked,
    ends: 'timed-out/deadline-passed',
    serving: '1.3.0',
  },
  'a timer: cancelled while it waits for traffic': {
    inputs: { ...timed, 'rollback-on-failure': true },
    steps: { ...baking, 'bake/deploy': says('timed-out', 'deadline-passed', { 'previous-version': '1.3.0' }) },
    cancelledIn: 'bake/deploy',
    ran: untilBake,
    jobs: { ...green, bake: 'cancelled' },
    ends: 'timed-out/deadline-passed',
  },
  'a timer: the checkout fails after it': {
    inputs: timed,
    steps: { ...baking, 'bake/actions/checkout': { fails: true } },
    ran: untilDeploy,
    jobs: badlyBaked,
    ends: 'failed/job-failed',
  },
  'a timer: cancelled while it ends the delivery': {
    inputs: { ...timed, 'rollback-on-failure': true },
    steps: { ...baking, 'bake/deploy': {} },
    cancelledIn: 'bake/deploy',
    ran: untilBake,
    jobs: { ...green, bake: 'cancelled' },
    ends: 'cancelled/cancelled',
  },
  'steps: dark, then walked home': {
    inputs: target,
    steps: stepped,
    ran: [...walk, 'deliver/verify'],
    ...deliveredEnd,
  },
  'steps: dark since an earlier run': {
    inputs: target,
    steps: {
      ...stepped,
      'plan/deployment': says('succeeded', 'candidate-dark', { ...dark.outputs, 'would-change': 'false', ...key }),
    },
    ran: [...walk, 'deliver/verify'],
    ...deliveredEnd,
  },
  'steps: dry run while it is dark': {
    inputs: { ...target, 'dry-run': true },
    steps: {
      'plan/deployment': says('succeeded', 'candidate-dark', { ...dark.outputs, 'would-change': 'false', ...key }),
    },
    ran: ['plan/deployment'],
    jobs: planOnly,
    ends: 'succeeded/candidate-dark',
    serving: '1.3.0',
  },
  'steps: convicted': {
    inputs: safe,
    steps: { ...stepped, 'deliver/shift': says('rolled-back', 'convicted', { 'serving-version': '1.3.0' }) },
    ran: walk,
    jobs: red,
    ends: 'rolled-back/convicted',
    serving: '1.3.0',
  },
  'steps: inconclusive, and taken back': {
    inputs: safe,
    steps: { ...stepped, 'deliver/shift': says('inconclusive', 'changed-by-others'), 'deliver/rollback': restored },
    ran: [...walk, 'deliver/rollback'],
    jobs: red,
    ends: 'inconclusive/changed-by-others',
    serving: '1.3.0',
  },
  'steps: timed out, and taken back': {
    inputs: safe,
    steps: { ...stepped, 'deliver/shift': says('timed-out', 'deadline-passed'), 'deliver/rollback': restored },
    ran: [...walk, 'deliver/rollback'],
    jobs: red,
    ends: 'timed-out/deadline-passed',
    serving: '1.3.0',
  },
  'steps: a walk without any report': {
    inputs: safe,
    steps: { ...stepped, 'deliver/shift': { fails: true } },
    ran: walk,
    jobs: red,
    ends: 'failed/job-failed',
  },
  'steps: cancelled while it is dark': {
    inputs: safe,
    steps: stepped,
    cancelledIn: 'deliver/deploy',
    ran: untilDeploy,
    jobs: stopped,
    ends: 'cancelled/cancelled',
    serving: '1.3.0',
  },
  'with a regression test': {
    inputs: target,
    steps: tested,
    ran: ['plan/deployment', 'test/test', ...whole.slice(1)],
    ...deliveredEnd,
    jobs: { ...green, test: 'success' },
  },
  'with a regression test, already delivered': {
    inputs: target,
    steps: { ...tested, 'plan/deployment': { outputs: { ...plannedTest.outputs, ...same.outputs } } },
    ran: ['plan/deployment'],
    jobs: planOnly,
    ends: 'succeeded/already-delivered',
    serving: '1.4.0',
  },
  'with a regression test, dry run': {
    inputs: { ...target, 'dry-run': true },
    steps: tested,
    ran: ['plan/deployment'],
    jobs: planOnly,
    ends: 'succeeded/planned',
  },
  'with a regression test, refused by the plan': {
    inputs: target,
    steps: { ...tested, 'plan/deployment': { ...plannedTest, fails: true } },
    ran: ['plan/deployment'],
    jobs: refused,
    ends: 'inconclusive/job-unheard',
  },
  'a plan that fails after its outputs': {
    inputs: target,
    steps: { ...good, 'plan/deployment': { ...planned, fails: true } },
    ran: ['plan/deployment'],
    jobs: refused,
    ends: 'inconclusive/job-unheard',
  },
  'worse by its regression test': {
    inputs: safe,
    steps: { ...tested, 'test/test': worse },
    ran: ['plan/deployment', 'test/test'],
    jobs: stoppedByTest,
    ends: 'rejected/regression-failed',
  },
  'regression test without a decision': {
    inputs: safe,
    steps: { ...tested, 'test/test': says('inconclusive', 'regression-inconclusive') },
    ran: ['plan/deployment', 'test/test'],
    jobs: stoppedByTest,
    ends: 'inconclusive/regression-inconclusive',
  },
  'checkout fails in the regression test': {
    inputs: target,
    steps: { ...tested, 'test/actions/checkout': { fails: true } },
    ran: ['plan/deployment'],
    jobs: stoppedByTest,
    ends: 'failed/job-failed',
  },
  'cancelled while it tests': {
    inputs: safe,
    steps: { ...tested, 'test/test': {} },
    cancelledIn: 'test/test',
    ran: ['plan/deployment', 'test/test'],
    jobs: { ...stoppedByTest, test: 'cancelled' },
    ends: 'cancelled/cancelled',
  },
  'passed its regression test, then rejected by a reviewer': {
    inputs: safe,
    steps: tested,
    heldBack: ['deliver'],
    ran: ['plan/deployment', 'test/test'],
    jobs: { ...red, test: 'success' },
    ends: 'inconclusive/job-unheard',
  },
  'steps: dark, tested, then walked home': {
    inputs: target,
    steps: testedDark,
    ran: [...untilDeploy, 'deliver/test', 'deliver/shift', 'deliver/verify'],
    ...deliveredEnd,
  },
  'steps: dark, and worse by its test': {
    inputs: target,
    steps: { ...testedDark, 'deliver/test': worse },
    ran: [...untilDeploy, 'deliver/test'],
    jobs: red,
    ends: 'rejected/regression-failed',
    serving: '1.3.0',
  },
  'steps: dark, worse by its test, and taken back': {
    inputs: safe,
    steps: { ...testedDark, 'deliver/test': worse, 'deliver/rollback': restored },
    ran: [...untilDeploy, 'deliver/test', 'deliver/rollback'],
    jobs: red,
    ends: 'rejected/regression-failed',
    serving: '1.3.0',
  },
  'a dark candidate to test, whose deployment is refused': {
    inputs: target,
    steps: { ...testedDark, 'deliver/deploy': says('rejected', 'regression-missing') },
    ran: untilDeploy,
    jobs: red,
    ends: 'rejected/regression-missing',
  },
  'rollback to the last good version': {
    inputs: { ...back, 'training-job': 'churn-2026-01-05' },
    steps: { 'plan/rollback': planned, 'rollback/rollback': restored },
    ran: ['plan/rollback', 'rollback/rollback'],
    jobs: { ...planOnly, rollback: 'success' },
    ends: 'succeeded/restored',
    serving: '1.3.0',
  },
  'dry run of a rollback': {
    inputs: { ...back, 'dry-run': true },
    steps: { 'plan/rollback': planned },
    ran: ['plan/rollback'],
    jobs: planOnly,
    ends: 'succeeded/planned',
  },
  'nothing to roll back': {
    inputs: back,
    steps: {
      'plan/rollback': says('succeeded', 'already-restored', {
        'would-change': 'false',
        'serving-version': '1.3.0',
        ...key,
      }),
    },
    ran: ['plan/rollback'],
    jobs: planOnly,
    ends: 'succeeded/already-restored',
    serving: '1.3.0',
  },
  'rollback that fails': {
    inputs: back,
    steps: { 'plan/rollback': planned, 'rollback/rollback': says('failed', 'restore-failed') },
    ran: ['plan/rollback', 'rollback/rollback'],
    jobs: { ...planOnly, rollback: 'failure' },
    ends: 'failed/restore-failed',
  },
  'rollback rejected by a reviewer': {
    inputs: back,
    steps: { 'plan/rollback': planned },
    heldBack: ['rollback'],
    ran: ['plan/rollback'],
    jobs: { ...planOnly, rollback: 'failure' },
    ends: 'inconclusive/job-unheard',
  },
};
