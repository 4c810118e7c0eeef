import { allPages } from '../aws/pages.ts';
import { arn, type World } from '../world.ts';

/** Sorted, so that the same tags make the same request. */
export const tags = (map: Readonly<Record<string, string>>) =>
  Object.entries(map)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([Key, Value]) => ({ Key, Value }));

/** Every tag of an endpoint, by this suite or by others. */
export const tagsOf = async (world: World, endpoint: string): Promise<ReadonlyMap<string, string>> => {
  const pages = await allPages('sagemaker:ListTags', (NextToken) =>
    world.read.sagemaker.listTags({
      ResourceArn: arn(world.account, 'sagemaker', `endpoint/${endpoint}`),
      NextToken,
    }),
  );
  const found = new Map<string, string>();
  for (const { Tags } of pages)
    for (const { Key, Value } of Tags ?? []) if (Key !== undefined) found.set(Key, Value ?? '');
  return found;
};

export const missingTags = async (
  world: World,
  endpoint: string,
  wanted: Readonly<Record<string, string>>,
): Promise<readonly { readonly Key: string; readonly Value: string }[]> => {
  const existing = await tagsOf(world, endpoint);
  return tags(wanted).filter(({ Key, Value }) => existing.get(Key) !== Value);
};
