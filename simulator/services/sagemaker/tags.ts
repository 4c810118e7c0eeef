import type { Handler } from '../../contracts.ts';
import { type PageRequest, page } from './pages.ts';
import { invalid } from './refusals.ts';

export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

/** AWS: AddTags, at most 50 tags per resource. */
const most = 50;

/** AddTags, ListTags, DeleteTags. Only a resource that was `open`ed can be tagged. */
export const createTags = () => {
  const resources = new Map<string, Map<string, string>>();
  const find = (arn: string): Map<string, string> => {
    const tags = resources.get(arn);
    if (!tags) throw invalid(`Could not find resource "${arn}".`);
    return tags;
  };
  const put = (tags: Map<string, string>, added: readonly Tag[]): void => {
    // aws/sagemaker-python-sdk#1301: AWS keeps these keys for itself. The words are CloudFormation's (aws-quickstart/quickstart-amazon-eks#42).
    if (added.some(({ Key }) => /^aws:/i.test(Key)))
      throw invalid('aws: prefixed tag key names are not allowed for external use.');
    const after = new Map([...tags, ...added.map(({ Key, Value }) => [Key, Value] as const)]);
    if (after.size > most) throw invalid(`A resource can have at most ${most} tags.`);
    for (const [key, value] of after) tags.set(key, value);
  };
  const list = (tags: Map<string, string>): readonly Tag[] => [...tags].map(([Key, Value]) => ({ Key, Value }));

  return {
    open: (arn: string, added: readonly Tag[] = []): void => {
      const tags = new Map<string, string>();
      put(tags, added);
      resources.set(arn, tags);
    },
    close: (arn: string): void => {
      resources.delete(arn);
    },
    operations: {
      AddTags: ({ ResourceArn, Tags }: { ResourceArn: string; Tags: readonly Tag[] }) => {
        const tags = find(ResourceArn);
        put(tags, Tags);
        return { Tags: list(tags) };
      },
      ListTags: (input: { readonly ResourceArn: string } & PageRequest) => {
        // Of 50 tags at most, one page holds them all unless less is asked for; the standard size is not documented.
        const { items, next } = page(list(find(input.ResourceArn)), { ...input, MaxResults: input.MaxResults ?? most });
        return { Tags: items, ...next };
      },
      DeleteTags: ({ ResourceArn, TagKeys }: { ResourceArn: string; TagKeys: readonly string[] }) => {
        const tags = find(ResourceArn);
        for (const key of TagKeys) tags.delete(key);
        return {};
      },
    } satisfies Record<string, Handler>,
  };
};
export type Tags = ReturnType<typeof createTags>;
