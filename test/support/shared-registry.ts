import { defaultRoles } from '../../simulator/simulator.ts';
import { registerModel } from '../../src/operations/register-model.ts';
import { rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import {
  accounts,
  byRole,
  registrar,
  sharedImage,
  sharedManifest,
  sharedRoles,
} from '../../src/rehearsal/two-accounts.ts';
import { openAccount, type TestAccount } from './account.ts';

/** An account with the roles of a registry in another one. */
export const openSharedAccount = (): Promise<TestAccount> => openAccount({ roles: [...defaultRoles, ...sharedRoles] });

/** The registering job has a role of its own. @param way to the registry, for both environments */
export const writeManifestOfRegistrar = (account: TestAccount, way: string): void =>
  account.writeManifest(() =>
    sharedManifest({ staging: way, production: way }).replace(/arn:.*:role\/model-deployer/, registrar),
  );

/** Registered by a role of the registry's account, from a job of the staging account; approved on request. @param more inputs */
export const registerInTooling = async (
  account: TestAccount,
  version: '1.0.0' | '1.1.0',
  approved: boolean,
  more: Readonly<Record<string, string>> = {},
): Promise<void> => {
  writeManifestOfRegistrar(account, byRole);
  const inputs = { ...account.registration(version), environment: 'staging', image: sharedImage, ...more };
  account.simulator.objects.drop(team.bucket);
  account.simulator.objects.create(team.bucket, accounts.tooling);
  account.registration(version);
  const report = await account.run(registerModel, inputs);
  if (report?.result.reason !== 'registered')
    throw new Error(`${version} was not registered: ${report?.result.because}`);
  if (!approved) return;
  const tooling = account.simulator.account(accounts.tooling);
  const { ModelPackageSummaryList } = await tooling.call('sagemaker', 'ListModelPackages', {
    ModelPackageGroupName: team.model,
  });
  for (const { ModelPackageArn } of ModelPackageSummaryList as { ModelPackageArn: string }[])
    await tooling.call('sagemaker', 'UpdateModelPackage', { ModelPackageArn, ModelApprovalStatus: 'Approved' });
};
