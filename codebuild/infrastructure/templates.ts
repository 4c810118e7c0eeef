import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { approvalsTemplate } from './approvals.ts';
import { fleetTemplate } from './fleet.ts';
import { gitflowTemplate, githubFlowTemplate, promotionTemplate } from './flows.ts';
import { hookTemplate } from './hook.ts';
import { identityProviderTemplate, rolesTemplate } from './roles.ts';
import { workerTemplate } from './worker.ts';

/**
 * Every template by its name. Synthesis needs no account, no network and no bootstrap.
 * @throws {Error} for each finding of cdk-nag that is not acknowledged
 */
export const synthesise = (outdir: string): ReadonlyMap<string, object> => {
  const app = new App({ outdir, analyticsReporting: false, treeMetadata: false });
  approvalsTemplate(app);
  workerTemplate(app);
  hookTemplate(app);
  fleetTemplate(app);
  githubFlowTemplate(app);
  gitflowTemplate(app);
  promotionTemplate(app);
  identityProviderTemplate(app);
  rolesTemplate(app, 'registry-roles');
  rolesTemplate(app, 'delivery-roles');
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return new Map(app.synth().stacks.map(({ stackName, template }) => [stackName, template as object]));
};
