import { AwsError, type Principal } from '../contracts.ts';
import type { Decision } from './evaluate.ts';
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

/** What the policies of an identity say about a call. */
export type IdentityDecision = (principal: Principal, action: string, resource: string) => Decision;

/**
 * Whether both sides let the call through: of another account each must allow it, within an account one of them, and a Deny of either
 * wins (IAM user guide, "Policy evaluation logic").
 * @param byIdentity without it the caller's own policies have been judged before
 */
export const mayPass = (
  decision: ResourceDecision,
  caller: Principal,
  owner: string,
  byIdentity: Decision = 'allowed',
): boolean => {
  if (decision === 'denied' || byIdentity === 'explicitly-denied') return false;
  const [resource, identity] = [decision === 'allowed', byIdentity === 'allowed'];
  return caller.accountId === owner ? resource || identity : resource && identity;
};
