import type { Condition } from './policy-conditions.ts';
import { subjectsOf, trustPolicy } from './policy-trust.ts';
import { withoutUndefined } from './without-undefined.ts';

/** A role each to register, to decide and to deliver. */
export type Duty = 'registrar' | 'approver' | 'deployer';
export const duties = ['registrar', 'approver', 'deployer'] as const satisfies readonly Duty[];

/** The names that the policies of three roles are written for. */
export interface Duties {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
  readonly model: string;
  readonly endpoint: string;
  /** The repository's names in GitHub's identity tokens: `acme/churn`, and the immutable form `acme@123456/churn@789012`. */
  readonly repositories: readonly string[];
  /** The branch and the tags whose jobs register. */
  readonly refs: readonly string[];
  /** The GitHub environments whose jobs decide and deliver. */
  readonly environments: Readonly<Record<Exclude<Duty, 'registrar'>, string>>;
}

interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal?: { readonly Federated: string };
  readonly Action: readonly string[];
  readonly Resource?: readonly string[];
  readonly Condition?: Condition;
}
export interface DutyPolicy {
  readonly Version: '2012-10-17';
  readonly Statement: readonly Statement[];
}

const status = 'sagemaker:ModelApprovalStatus';

/**
 * Beside the policies of `permissions.ts`, which allow: for each role the trust policy, which names the jobs that get it, and a guard,
 * which denies the other duties whatever else is attached to the role.
 *
 * A guard compares by `StringNotEquals`. That holds for a request without a status too, so an edit without a decision is denied (IAM
 * user guide, "IAM JSON policy elements: Condition operators").
 */
export const dutyPolicies = (place: Duties) => {
  const { partition, region, account, repositories, refs, environments } = place;
  const sagemaker = (resource: string): string => `arn:${partition}:sagemaker:${region}:${account}:${resource}`;
  const model = place.model.toLowerCase();
  const packages = [sagemaker(`model-package/${model}/*`)];
  const endpoint = [sagemaker(`endpoint/${place.endpoint.toLowerCase()}`)];
  const jobs = subjectsOf(repositories);
  const trust = (subjects: readonly string[]): DutyPolicy => trustPolicy(place, subjects);
  const deny = (
    Sid: string,
    Action: readonly string[],
    Resource: readonly string[],
    Condition?: Condition,
  ): Statement => ({ Sid, Effect: 'Deny', Action, Resource, ...withoutUndefined({ Condition }) });
  const unless = (...statuses: readonly string[]): Condition => ({ StringNotEquals: { [status]: statuses } });
  const register = 'sagemaker:CreateModelPackage';
  const decide = 'sagemaker:UpdateModelPackage';
  const remove = 'sagemaker:DeleteModelPackage';
  const deliverNothing = deny(
    'DeliverNothing',
    [
      'sagemaker:CreateEndpoint',
      'sagemaker:DeleteEndpoint',
      'sagemaker:UpdateEndpoint',
      'sagemaker:UpdateEndpointWeightsAndCapacities',
    ],
    endpoint,
  );
  const openNoGroup = deny(
    'OpenNoGroup',
    [
      'sagemaker:DeleteModelPackageGroup',
      'sagemaker:DeleteModelPackageGroupPolicy',
      'sagemaker:PutModelPackageGroupPolicy',
    ],
    [sagemaker(`model-package-group/${model}`)],
  );
  return {
    'registrar-trust': trust(jobs.onRefs(...refs)),
    'registrar-guard': policy(
      deny('RegisterUndecided', [register], packages, unless('PendingManualApproval')),
      deny('RejectAtMost', [decide], packages, unless('Rejected')),
      deny('RemoveNothing', [remove], packages),
      deliverNothing,
      openNoGroup,
    ),
    'approver-trust': trust(jobs.inEnvironments(environments.approver)),
    'approver-guard': policy(
      deny('DecideAndNoMore', [decide], packages, unless('Approved', 'Rejected')),
      deny('RegisterNothing', [register, remove], packages),
      deliverNothing,
      openNoGroup,
    ),
    'deployer-trust': trust(jobs.inEnvironments(environments.deployer)),
    // A stage alone passes, for `stage` in the manifest; the policy `life-cycle` allows it.
    'deployer-guard': policy(
      deny('RegisterNothing', [register, remove], packages),
      deny('DecideNothing', [decide], packages, { Null: { [status]: 'false' } }),
      deny('WriteAStageAtMost', [decide], packages, { Null: { 'sagemaker:ModelLifeCycle:Stage': 'true' } }),
      openNoGroup,
    ),
  } as const satisfies Readonly<Record<`${Duty}-${'trust' | 'guard'}`, DutyPolicy>>;
};

const policy = (...Statement: readonly Statement[]): DutyPolicy => ({ Version: '2012-10-17', Statement });
