import { missingTags } from '../endpoint/tags.ts';
import { arn, writesOf } from '../world.ts';
import { bestEffort } from './best-effort.ts';
import type { Task } from './task.ts';

/** UpdateEndpoint does not take tags. AddTags adds and overwrites, and leaves the tags of others unchanged. */
export const tagEndpoint = (wanted: Readonly<Record<string, string>>): Task =>
  bestEffort(
    async (turn) => {
      const { world, endpoint, release } = turn;
      if (release.outcome !== 'succeeded') return undefined;
      const ResourceArn = arn(world.account, 'sagemaker', `endpoint/${endpoint}`);
      const missing = await missingTags(world, endpoint, wanted);
      if (missing.length === 0) return undefined;
      await writesOf(world).sagemaker.addTags({ ResourceArn, Tags: [...missing] });
      return { because: `tagged ${endpoint}: ${missing.map(({ Key }) => Key).join(', ')}`, percent: 96 };
    },
    ({ endpoint }) => `the tags of ${endpoint} were not updated`,
  );
