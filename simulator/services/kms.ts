import { AwsError, type Keys, type Principal } from '../contracts.ts';
import { deniedByResource, mayPass } from '../iam/across.ts';
import {
  type PolicyWords,
  type ResourceDecision,
  type ResourcePolicy,
  readResourcePolicy,
} from '../iam/resource-policy.ts';

/** The key policies, as the services that decrypt on behalf of a caller use them. KMS itself is not served. */
export interface KeyPolicies extends Keys {
  mayDecrypt(principal: Principal, keyArn: string): boolean;
  /** @throws AwsError as S3 passes KMS's refusal on */
  authorize(principal: Principal, keyArn: string): void;
}

/** A key without a policy has the one that KMS gives it: it opens the key to its own account (KMS developer guide, "Default key policy"). */
export const createKeys = (): KeyPolicies => {
  const policies = new Map<string, ResourcePolicy>();
  const decide = (principal: Principal, keyArn: string): ResourceDecision =>
    policies.get(keyArn)?.({ principal, action: 'kms:Decrypt', resource: keyArn }) ?? 'silent';
  const mayDecrypt = (principal: Principal, keyArn: string): boolean =>
    mayPass(decide(principal, keyArn), principal, keyArn.split(':')[4] ?? '');
  return {
    putPolicy(keyArn, policy) {
      policies.set(keyArn, readResourcePolicy(JSON.stringify(policy), words));
    },
    mayDecrypt,
    authorize(principal, keyArn) {
      if (mayDecrypt(principal, keyArn)) return;
      const { message } = deniedByResource(principal, 'kms:Decrypt', keyArn, decide(principal, keyArn));
      throw new AwsError('AccessDenied', message, 403);
    },
  };
};

const words: PolicyWords = {
  malformed: (message) => new AwsError('MalformedPolicyDocumentException', message),
  notServed: (what) =>
    new AwsError('MalformedPolicyDocumentException', `The simulator does not evaluate ${what} in a key policy`),
  // In a key policy `*` means the key (KMS developer guide, "Key policies").
  mayName: () => true,
};
