import type { Call, Handler, Instant } from '../../contracts.ts';
import { type Context, epochSeconds, nameOf, present, sagemakerArn } from './context.ts';
import { type ListRequest, list } from './pages.ts';
import { groupExists, noSuchGroup } from './refusals.ts';
import type { Tag, Tags } from './tags.ts';

export interface ModelPackageGroup {
  readonly name: string;
  readonly arn: string;
  readonly description: string | undefined;
  readonly createdAt: Instant;
  readonly createdBy: string;
}

/** CreateModelPackageGroup has no client token and there is no update (reference/sagemaker.md §1.2): a second create is refused. */
export const createModelPackageGroups = (context: Context, tags: Tags) => {
  const groups = new Map<string, ModelPackageGroup>();
  const arnOf = (name: string): string => sagemakerArn(context, `model-package-group/${name}`);

  /** @param arnOrName cross-account callers pass the ARN */
  const find = (arnOrName: string): ModelPackageGroup => {
    const name = nameOf(arnOrName);
    const group = groups.get(name);
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

  return { operations, find, remove };
};
export type ModelPackageGroups = ReturnType<typeof createModelPackageGroups>;
