import { tagsOf } from '../endpoint/tags.ts';
import { arn, type World, writesOf } from '../world.ts';
import { bestEffort } from './best-effort.ts';
import type { Task } from './task.ts';

/**
 * The endpoint's tag with the configs of others that it served when this suite replaced them: names with a space between, newest
 * first. Of all configs that the suite did not make, a rollback goes back to these alone. The tag is on the endpoint and not in the
 * record, because the right to write to the record's bucket is not the right to tag the endpoint.
 */
export const adoptedTag = 'model-delivery:adopted';

/** AWS: Tag, Value. Four names of 63 characters. */
const longestValue = 256;

export const adoptedBy = async (world: World, endpoint: string): Promise<readonly string[]> =>
  ((await tagsOf(world, endpoint)).get(adoptedTag) ?? '').split(' ').filter((name) => name !== '');

/** Adds the config of others that serves now to the tag, before the release replaces it. */
export const adoptBaseline: Task = bestEffort(
  async ({ world, endpoint, release: { baseline, submission } }) => {
    if (baseline === undefined || baseline.version !== undefined || submission.kind !== 'update') return undefined;
    const before = await adoptedBy(world, endpoint);
    if (before.includes(baseline.endpointConfig)) return undefined;
    await writesOf(world).sagemaker.addTags({
      ResourceArn: arn(world.account, 'sagemaker', `endpoint/${endpoint}`),
      Tags: [{ Key: adoptedTag, Value: joined([baseline.endpointConfig, ...before]) }],
    });
    return {
      because: `${baseline.endpointConfig}, made by others, is a possible target of a rollback from now on`,
      percent: 7,
    };
  },
  ({ release }) =>
    `${release.baseline?.endpointConfig} is not in the tag ${adoptedTag}, so a rollback will refuse to go back to it`,
);

const joined = ([first = '', ...rest]: readonly string[]): string =>
  rest.reduce((value, name) => (value.length + 1 + name.length <= longestValue ? `${value} ${name}` : value), first);
