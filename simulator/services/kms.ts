import { AwsError, type Keys, type Principal } from '../contracts.ts';
import { deniedByResource, type IdentityDecision, mayPass } from '../iam/across.ts';
import {
  type PolicyWords,
  type ResourceDecision,
  type ResourcePolicy,
  readResourcePolicy,
} from '../iam/resource-policy.ts';
import { notSimulated } from '../not-simulated.ts';

/** The key policies, as the services that decrypt on behalf of a caller use them. KMS itself is not served. */
export interface KeyPolicies extends Keys {
  mayDecrypt(principal: Principal, keyArn: string): boolean;
  /** To write what the key encrypts. */
  mayEncrypt(principal: Principal, keyArn: string): boolean;
  /** @throws AwsError as S3 passes KMS's refusal on */
  authorize(principal: Principal, keyArn: string): void;
}

/** A key without a policy has the one that KMS gives it: it opens the key to its own account (KMS developer guide, "Default key policy"). */
export const createKeys = (identity: IdentityDecision): KeyPolicies => {
  const policies = new Map<string, ResourcePolicy>();
  const decide = (principal: Principal, action: string, keyArn: string): ResourceDecision =>
    policies.get(keyArn)?.({ principal, action, resource: keyArn }) ?? 'silent';
  const mayDo = (principal: Principal, action: string, keyArn: string): boolean => {
    const owner = keyArn.split(':')[4] ?? '';
    return mayPass(decide(principal, action, keyArn), principal, owner, identity(principal, action, keyArn));
  };
  const mayDecrypt: KeyPolicies['mayDecrypt'] = (principal, keyArn) => mayDo(principal, 'kms:Decrypt', keyArn);
  return {
    putPolicy(keyArn, policy) {
      policies.set(keyArn, readResourcePolicy(JSON.stringify(policy), words));
    },
    mayDecrypt,
    // S3 user guide, "Protecting data with server-side encryption with AWS KMS keys": an upload needs kms:GenerateDataKey.
    mayEncrypt: (principal, keyArn) => mayDo(principal, 'kms:GenerateDataKey', keyArn),
    authorize(principal, keyArn) {
      if (mayDecrypt(principal, keyArn)) return;
      const decision = decide(principal, 'kms:Decrypt', keyArn);
      const { message } = deniedByResource(principal, 'kms:Decrypt', keyArn, decision);
      const own = identity(principal, 'kms:Decrypt', keyArn) === 'allowed' || decision === 'denied';
      throw new AwsError('AccessDenied', own ? message : message.replaceAll('resource-based', 'identity-based'), 403);
    },
  };
};

const words: PolicyWords = {
  malformed: (message) => new AwsError('MalformedPolicyDocumentException', message),
  notServed: (what) => notSimulated(`${what} in a key policy`),
  // In a key policy `*` means the key (KMS developer guide, "Key policies").
  mayName: () => true,
};
