import { tagsOf } from '../endpoint/tags.ts';
import { arn, type World, writesOf } from '../world.ts';
import { bestEffort } from './best-effort.ts';
import type { Task } from './task.ts';

/**
 * The endpoint's own word for which configs of others it served when this suite began to deliver over them: names with a space
 * between, newest first. A rollback goes back to these alone of all that the suite did not make. On the endpoint and not in the
 * record, because whoever may write to the record's bucket may not tag the endpoint.
 */
export const adoptedTag = 'model-delivery:adopted';

/** AWS: Tag, Value. Four names of 63 characters. */
const longestValue = 256;

export const adoptedBy = async (world: World, endpoint: string): Promise<readonly string[]> =>
  ((await tagsOf(world, endpoint)).get(adoptedTag) ?? '').split(' ').filter((name) => name !== '');

/** Writes down that the config of others which serves now did, before it is replaced. */
export const adoptBaseline: Task = bestEffort(
  async ({ world, endpoint, release: { baseline, submission } }) => {
    if (baseline === undefined || baseline.version !== undefined || submission.kind !== 'update') return undefined;
    const before = await adoptedBy(world, endpoint);
    if (before.includes(baseline.endpointConfig)) return undefined;
    await writesOf(world).sagemaker.addTags({
      ResourceArn: arn(world.account, 'sagemaker', `endpoint/${endpoint}`),
      Tags: [{ Key: adoptedTag, Value: joined([baseline.endpointConfig, ...before]) }],
    });
    return { because: `${baseline.endpointConfig}, made by others, can be gone back to from now on`, percent: 7 };
  },
  ({ release }) =>
    `${release.baseline?.endpointConfig} was not written into the tag ${adoptedTag}, so a rollback will refuse to go back to it`,
);

const joined = ([first = '', ...rest]: readonly string[]): string =>
  rest.reduce((value, name) => (value.length + 1 + name.length <= longestValue ? `${value} ${name}` : value), first);
