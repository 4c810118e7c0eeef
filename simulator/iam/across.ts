import { AwsError, type Principal } from '../contracts.ts';
import type { ResourceDecision } from './resource-policy.ts';

/**
 * The words of AWS's JSON services for a denial by a resource's policy, or by its absence (IAM user guide, "Troubleshoot access denied
 * error messages").
 */
export const deniedByResource = (
  { arn }: Principal,
  action: string,
  resource: string,
  decision: ResourceDecision,
): AwsError =>
  new AwsError(
    'AccessDeniedException',
    `User: ${arn} is not authorized to perform: ${action} on resource: ${resource} ${
      decision === 'denied'
        ? 'with an explicit deny in a resource-based policy'
        : `because no resource-based policy allows the ${action} action`
    }`,
  );

/** Whether a resource's policy lets the call through: another account needs an Allow of it, the own account needs no Deny. */
export const mayPass = (decision: ResourceDecision, caller: Principal, owner: string): boolean =>
  caller.accountId === owner ? decision !== 'denied' : decision === 'allowed';
