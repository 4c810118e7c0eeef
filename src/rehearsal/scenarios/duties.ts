import { type PublishedName, policyFor } from '../../permissions.ts';
import { type Duty, duties, dutyPolicies } from '../../policy-duties.ts';
import { defaultReleases } from '../../release/location.ts';
import { rollouts, rehearsedTeam as team } from '../manifest.ts';
import { repository } from '../process.ts';
import { approve, type Stage } from '../stage.ts';
import { delivered, isEnd, type Scenario } from './scenario.ts';

const roleOf = (duty: Duty): string => `arn:aws:iam::${team.account}:role/model-${duty}`;

const policiesOf: Readonly<Record<Duty, readonly PublishedName[]>> = {
  registrar: ['register-model'],
  approver: ['approver'],
  deployer: ['deploy-endpoint'],
};

const place = {
  partition: 'aws',
  region: team.region,
  account: team.account,
  model: team.model,
  endpoint: team.endpoint,
  executionRole: 'iris-serving',
  releases: defaultReleases({ id: team.account, region: team.region }),
  artifacts: team.bucket,
  repository: 'iris-serving',
  kmsAlias: 'alias/ml',
};

/** Each role has the policies of its duty, and lets in the jobs of its duty. */
const separate = ({ simulator }: Stage): void => {
  const policies = dutyPolicies({
    ...place,
    repositories: [repository],
    refs: ['heads/main'],
    environments: { approver: 'model-approval', deployer: 'production' },
  });
  for (const duty of duties) {
    simulator.trust(roleOf(duty), policies[`${duty}-trust`]);
    simulator.attachPolicy(roleOf(duty), policies[`${duty}-guard`]);
    for (const name of policiesOf[duty]) simulator.attachPolicy(roleOf(duty), policyFor(name, place));
  }
};

export const approveThenDeploy: Scenario = {
  name: 'approve-then-deploy',
  about:
    'Three roles with separate duties: a version is registered from the main branch, waits, is approved by a person, and is delivered from the environment that may; no job gets the role of another.',
  expected: delivered,
  roles: [roleOf('approver')],
  play: async (stage, require) => {
    separate(stage);
    stage.writeManifest({
      rollout: rollouts.unguarded,
      unwatched: true,
      environment: [`approver-role: model-approver`],
    });
    const registration = await stage.begin('A version is registered by the main branch', '1.0.0');
    await registration.register({ role: roleOf('registrar') });
    await registration.end();
    require(registration.ending?.reason === 'registered', `it is registered: ${registration.ending?.because}`);
    for (const role of [roleOf('deployer'), roleOf('approver')]) {
      const stray = await stage.begin(`The main branch requests ${role.split('/').at(-1)}`, '1.0.0');
      await stray.run('deploy-endpoint', { role });
      const { reason, because, requests } = await stray.end();
      require(reason === 'credentials-unavailable', `it does not get the role: ${because}`);
      require(because.includes(`repo:${repository}:ref:refs/heads/main`), `and the reason names the job: ${because}`);
      require(requests.every(({ mutation }) => !mutation), 'nothing is written');
    }

    const early = await stage.begin('Its delivery before any approval', '1.0.0');
    const waiting = await early.run('approve-gate', {}, 'production');
    require(waiting.outputs['reason-code'] === 'approval-pending', 'the gate waits');
    await early.run('deploy-endpoint', {}, 'production');
    await early.end();
    require(isEnd(early, {
      outcome: 'rejected',
      reasonCode: 'not-approved',
    }), `it is refused: ${early.ending?.because}`);
    require(early.ending?.after === undefined, 'and there is no endpoint');

    const release = await stage.begin('Approved, then delivered', '1.0.0');
    await approve(stage.simulator, release.did);
    const gate = await release.run('approve-gate', {}, 'production');
    require(gate.outputs['reason-code'] === 'approved', 'the gate lets it pass');
    require(gate.outputs['approval-description'] === 'looked at the evaluation', 'and quotes the approver');
    await release.run('deploy-endpoint', {}, 'production');
    const { requests } = await release.end();
    const denied = requests.filter(({ error }) => error?.startsWith('AccessDenied'));
    require(denied.length === 0, `its policies are enough: ${denied.map(({ operation }) => operation).join(', ')}`);
    require(requests.every(
      ({ principal, operation }) =>
        operation.startsWith('AssumeRole') || principal.includes(':assumed-role/model-deployer/'),
    ), 'by the deployer’s role alone');
    return release;
  },
};
