import type { Call, Handler, Instant, Principal } from '../../contracts.ts';
import { deniedByResource, mayPass } from '../../iam/across.ts';
import { type PolicyWords, type ResourcePolicy, readResourcePolicy } from '../../iam/resource-policy.ts';
import { notSimulated } from '../../not-simulated.ts';
import { type Context, epochSeconds, nameOf, present, sagemakerArn } from './context.ts';
import { type ListRequest, list } from './pages.ts';
import { groupExists, invalid, noSuchGroup, noSuchPolicy } from './refusals.ts';
import { strangerIn } from './registry-face.ts';
import type { Tag, Tags } from './tags.ts';

export interface ModelPackageGroup {
  readonly name: string;
  readonly arn: string;
  readonly description: string | undefined;
  readonly createdAt: Instant;
  readonly createdBy: string;
  policy?: { readonly text: string; readonly decide: ResourcePolicy };
}

/** CreateModelPackageGroup has no client token and there is no update (reference/sagemaker.md §1.2): a second create is refused. */
export const createModelPackageGroups = (context: Context, tags: Tags) => {
  const groups = new Map<string, ModelPackageGroup>();
  const arnOf = (name: string): string => sagemakerArn(context, `model-package-group/${name}`);

  /** @param arnOrName cross-account callers pass the ARN */
  const find = (arnOrName: string): ModelPackageGroup => {
    const name = nameOf(arnOrName);
    const group = groups.get(name);
    // A call that no policy opens to other accounts knows only the groups of its own.
    if (strangerIn(context.kernel, arnOrName) !== undefined) throw noSuchGroup(arnOrName);
    if (!group) throw noSuchGroup(arnOf(name));
    return group;
  };

  const operations = {
    CreateModelPackageGroup: (
      input: { ModelPackageGroupName: string; ModelPackageGroupDescription?: string; Tags?: readonly Tag[] },
      call: Call,
    ) => {
      const name = input.ModelPackageGroupName;
      const arn = arnOf(name);
      if (groups.has(name)) throw groupExists(arn);
      tags.open(arn, input.Tags);
      groups.set(name, {
        name,
        arn,
        description: input.ModelPackageGroupDescription,
        createdAt: context.kernel.clock.now(),
        createdBy: call.principal.arn,
      });
      context.kernel.note({ source: 'registry', object: name, what: 'group-created', detail: name });
      return { ModelPackageGroupArn: arn };
    },

    DescribeModelPackageGroup: (input: { ModelPackageGroupName: string }) => {
      const group = find(input.ModelPackageGroupName);
      return present({
        ModelPackageGroupName: group.name,
        ModelPackageGroupArn: group.arn,
        ModelPackageGroupDescription: group.description,
        CreationTime: epochSeconds(group.createdAt),
        CreatedBy: { IamIdentity: { Arn: group.createdBy } },
        ModelPackageGroupStatus: 'Completed',
      });
    },

    PutModelPackageGroupPolicy: (input: { ModelPackageGroupName: string; ResourcePolicy: string }) => {
      const group = find(input.ModelPackageGroupName);
      group.policy = {
        text: input.ResourcePolicy,
        decide: readResourcePolicy(input.ResourcePolicy, wordsOf(group.arn)),
      };
      return { ModelPackageGroupArn: group.arn };
    },

    GetModelPackageGroupPolicy: (input: { ModelPackageGroupName: string }) => {
      const { policy, arn } = find(input.ModelPackageGroupName);
      if (policy === undefined) throw noSuchPolicy(arn);
      return { ResourcePolicy: policy.text };
    },

    DeleteModelPackageGroupPolicy: (input: { ModelPackageGroupName: string }) => {
      const group = find(input.ModelPackageGroupName);
      if (group.policy === undefined) throw noSuchPolicy(group.arn);
      delete group.policy;
      return {};
    },

    /** Oldest first by default (reference/sagemaker.md §9). */
    ListModelPackageGroups: (input: ListRequest) => {
      const { items, next } = list([...groups.values()], input, { order: 'Ascending' });
      const summary = (group: ModelPackageGroup) =>
        present({
          ModelPackageGroupName: group.name,
          ModelPackageGroupArn: group.arn,
          ModelPackageGroupDescription: group.description,
          CreationTime: epochSeconds(group.createdAt),
          ModelPackageGroupStatus: 'Completed',
        });
      return { ModelPackageGroupSummaryList: items.map(summary), ...next };
    },
  } satisfies Record<string, Handler>;

  const remove = (group: ModelPackageGroup): void => {
    groups.delete(group.name);
    tags.close(group.arn);
  };

  /** A call about the group, or about its packages, by an identity of any account. */
  const authorize = (principal: Principal, action: string, arn: string): void => {
    const [name = ''] = nameOf(arn).split('/');
    const decision = groups.get(name)?.policy?.decide({ principal, action, resource: arn }) ?? 'silent';
    if (!mayPass(decision, principal, context.kernel.accountId))
      throw deniedByResource(principal, action, arn, decision);
  };

  return { operations, find, remove, authorize };
};

/** The group and its versions (AWS: "Cross-account support", sample policy). */
const wordsOf = (group: string): PolicyWords => {
  const versions = group.replace(':model-package-group/', ':model-package/');
  return {
    malformed: (message) => invalid(`Invalid resource policy: ${message}`),
    notServed: (what) => notSimulated(`${what} in a model package group policy`),
    mayName: (arn) => arn === group || arn.startsWith(`${versions}/`),
  };
};
export type ModelPackageGroups = ReturnType<typeof createModelPackageGroups>;
