import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { irisFixture } from '../../../simulator/fixtures/fixtures.ts';
import { rehearsedTeam } from '../manifest.ts';
import { readServing } from '../serving.ts';
import type { RehearsedRelease, Stage } from '../stage.ts';
import {
  accounts,
  byPolicy,
  byRole,
  forgotten,
  registrar,
  share,
  sharedImage,
  sharedManifest,
  sharedRoles,
} from '../two-accounts.ts';
import { delivered, isEnd, type Scenario } from './scenario.ts';

export const registryInAnotherAccount: Scenario = {
  name: 'registry-in-another-account',
  about:
    'Registry, artifacts and images in an account of their own: staging delivers by an assumed role, production by the group’s resource policy; a forgotten bucket policy is named before anything is written.',
  expected: delivered,
  roles: sharedRoles,
  play: async (stage, require) => {
    await share(stage.simulator, forgotten('bucket-policy'));
    writeFileSync(join(stage.workspace, 'delivery.yml'), sharedManifest({ staging: byRole, production: byPolicy }));
    const registration = await stage.begin('A version is registered in the registry’s account', '1.0.0');
    await register(stage, registration);
    await registration.end();
    require(registration.ending?.reason === 'approved', `it is approved there: ${registration.ending?.because}`);

    const refused = await stage.begin('The bucket’s policy was forgotten', '1.0.0');
    await refused.run('deploy-endpoint', { environment: 'staging' });
    const { reason, because, requests } = await refused.end();
    require(reason === 'access-denied' &&
      because.includes('the policy of the bucket') &&
      because.includes('"Action":"s3:GetObject"'), `the policy and its statement are named: ${because}`);
    require(requests.every(({ operation, mutation }) => !mutation || operation === 'AssumeRole'), 'nothing is written');

    await share(stage.simulator);
    const staging = await stage.begin('Staging, by an assumed role', '1.0.0');
    await staging.run('deploy-endpoint', { environment: 'staging' });
    await staging.end();
    require(isEnd(staging, delivered), `staging is delivered: ${staging.ending?.because}`);
    const { call } = stage.simulator.account(accounts.staging);
    const there = await readServing({ call, objects: stage.simulator.objects }, stage.endpoint);
    require(there?.version === '1.0.0', `staging serves it: ${there?.version}`);
    require(staging.ending?.after === undefined, 'and production, another account, has no endpoint yet');

    const release = await stage.begin('Production, by the group’s resource policy', '1.0.0');
    await release.run('deploy-endpoint');
    await release.end();
    return release;
  },
};

/** A job of the staging account assumes the registrar's role; a reviewer approves in the registry's account. */
const register = async (stage: Stage, release: RehearsedRelease): Promise<void> => {
  const { simulator, workspace } = stage;
  const tooling = simulator.account(accounts.tooling);
  const bucket = 'ml-training-runs';
  const key = 'iris-1.0.0/model.tar.gz';
  simulator.objects.create(bucket, accounts.tooling);
  simulator.objects.put(bucket, key, irisFixture('1.0.0').artifact);
  writeFileSync(join(workspace, 'evaluation.json'), irisFixture('1.0.0').evaluation);
  await release.run('register-model', {
    environment: 'staging',
    role: registrar,
    image: sharedImage,
    artifact: `s3://${bucket}/${key}`,
    evaluation: 'evaluation.json',
    'content-types': 'text/csv',
    'response-types': 'text/csv',
  });
  const ModelPackageArn = `arn:aws:sagemaker:${rehearsedTeam.region}:${accounts.tooling}:model-package/${rehearsedTeam.model}/1`;
  await tooling.call('sagemaker', 'UpdateModelPackage', { ModelPackageArn, ModelApprovalStatus: 'Approved' });
  release.did('approves', 'the package, in the registry’s account', false);
  await release.run('approve-gate', { environment: 'staging' });
};
