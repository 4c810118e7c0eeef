import { type CfnResource, Validations } from 'aws-cdk-lib';
import { rules } from 'cdk-nag';
import type { IConstruct } from 'constructs';

/** Acknowledges findings of cdk-nag that are right about the template and wrong about a risk. Any other finding ends the synthesis. */
export const acknowledge = (construct: IConstruct, reason: string, ...ids: readonly string[]): void => {
  Validations.of(construct).acknowledge(...ids.map((id) => ({ id, reason })));
};

/** All wildcards of a policy at once: for policies that src/permissions.ts makes. */
export const acknowledgeGenerated = (policy: CfnResource): void => {
  const found = rules.iam.IAMNoWildcardPermissions(policy);
  if (Array.isArray(found))
    acknowledge(
      policy,
      'docs/permissions/README.md explains each wildcard; a test breaks each resource and condition by a request of its own.',
      ...found.map((finding) => `AwsSolutions-IAM5[${finding}]`),
    );
};
