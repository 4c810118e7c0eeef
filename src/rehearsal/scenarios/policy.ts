import type { LoggedRequest } from '../../../simulator/contracts.ts';
import { approve, type RehearsedRelease, type Stage } from '../stage.ts';
import { delivered, inProduction, isEnd, type Require, type Scenario } from './scenario.ts';

/** The gate decides by `approval.policy`: no person is part of it. */

const accuracy = 'multiclass_classification_metrics.accuracy';

const policy = (...rules: readonly string[]): string => `policy:\n${rules.map((rule) => `  - ${rule}\n`).join('')}`;

const enough = `{ metric: ${accuracy}, at-least: 0.9 }`;
const notWorse = `{ metric: ${accuracy}, not-worse-than: serving, by: 0.01 }`;

export const policyApproves: Scenario = {
  name: 'policy-approves',
  about:
    'The gate approves a version whose metrics keep every rule, with the figures in the registry, and it is delivered; a worse one is rejected and never deployed.',
  expected: delivered,
  play: async (stage, require) => {
    await inProduction(stage, require);
    stage.writeManifest({ approval: policy(enough, notWorse) });
    const worse = await begun(stage, 'A version that is worse than the one that serves', '1.2.0');
    await worse.run('approve-gate', { mode: 'policy' });
    const rejected = await worse.end();
    require(rejected.reason === 'approval-rejected', `the gate rejects it: ${rejected.because}`);
    requireDecision(
      require,
      rejected.requests,
      'Rejected',
      /2 broken; broken: .*accuracy is 0\.66, at least 0\.9; broken: /,
    );
    const refused = await stage.begin('It is deployed all the same', '1.2.0');
    await refused.run('deploy-endpoint');
    const { reason, requests } = await refused.end();
    require(reason === 'not-approved', `it is not deployed: ${reason}`);
    require(requests.every(({ mutation, operation }) => !mutation || isSession(operation)), 'nothing is written');

    const release = await begun(stage, 'A version that is better', '1.1.0');
    const gate = await release.run('approve-gate', { mode: 'policy' });
    require(gate.outputs['approval-description']?.includes('0.96 beside 0.9 of the serving package iris/1') ===
      true, `the figures are in the registry: ${gate.outputs['approval-description']}`);
    await release.run('deploy-endpoint');
    const ending = await release.end();
    requireDecision(require, ending.requests, 'Approved', /^policy: 2 of 2 rules hold; /);
    return release;
  },
};

export const policyInconclusiveHolds: Scenario = {
  name: 'policy-inconclusive-holds',
  about:
    'A rule has no value to decide by: the gate writes nothing, holds the version, and names the reason; no approval comes by absence.',
  expected: { outcome: 'inconclusive', reasonCode: 'policy-inconclusive' },
  play: async (stage, require) => {
    stage.writeManifest({ approval: policy(enough, notWorse) });
    const first = await begun(stage, 'A first version: there is none to compare it with', '1.0.0');
    await first.run('approve-gate', { mode: 'policy' });
    const { because, requests } = await first.end();
    require(isEnd(first, policyInconclusiveHolds.expected), `it is undecided: ${because}`);
    require(because.includes('nothing serves yet to compare it with'), `the reason is named: ${because}`);
    require(writes(requests, 'UpdateModelPackage').length === 0, 'nothing is written to the registry');

    stage.writeManifest({
      approval: policy(enough, '{ metric: multiclass_classification_metrics.auc, at-least: 0.9 }'),
    });
    await approve(stage.simulator, first.did);
    const delivery = await stage.begin('A person approves it, and it is delivered', '1.0.0');
    await delivery.run('deploy-endpoint');
    await delivery.end();
    require(isEnd(delivery, delivered), `it is delivered: ${delivery.ending?.because}`);

    const refused = await begun(stage, 'A version with a metric that no report has, deployed all the same', '1.1.0');
    await refused.run('approve-gate', { mode: 'policy' });
    await refused.run('deploy-endpoint');
    const { reason } = await refused.end();
    require(reason === 'not-approved', `it is not deployed: ${reason}`);
    const release = await stage.begin('The gate once more', '1.1.0');
    await release.run('approve-gate', { mode: 'policy' });
    const ending = await release.end();
    require(ending.because.includes(
      'multiclass_classification_metrics.auc is not in the report',
    ), `it is named: ${ending.because}`);
    for (const one of [refused, release])
      require(writes(one.ending?.requests ?? [], 'UpdateModelPackage').length ===
        0, 'nothing is written to the registry');
    return release;
  },
};

const begun = async (stage: Stage, title: string, version: RehearsedRelease['version']): Promise<RehearsedRelease> => {
  const release = await stage.begin(title, version);
  await release.register();
  return release;
};

const isSession = (operation: string): boolean => operation === 'AssumeRole';

const writes = (requests: readonly LoggedRequest[], operation: string): readonly LoggedRequest[] =>
  requests.filter((request) => request.operation === operation);

/** One decision, with exactly these members: no part of a package is changed with it. */
const requireDecision = (
  require: Require,
  requests: readonly LoggedRequest[],
  status: 'Approved' | 'Rejected',
  description: RegExp,
): void => {
  const sent = writes(requests, 'UpdateModelPackage').map(({ input }) => input as Readonly<Record<string, unknown>>);
  const [decision = {}, ...more] = sent;
  require(more.length === 0 &&
    decision['ModelApprovalStatus'] === status, `it is ${status} once: ${sent.length} writes`);
  require(Object.keys(decision).sort().join() ===
    'ApprovalDescription,ModelApprovalStatus,ModelPackageArn', `with nothing beside it: ${Object.keys(decision)}`);
  require(description.test(
    String(decision['ApprovalDescription']),
  ), `and has the reason: ${decision['ApprovalDescription']}`);
};
