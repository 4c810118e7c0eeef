import { expect, test } from '@jest/globals';
import { openAccount } from '../support/account.ts';
import * as oracle from './oracle.ts';
import { actNamed } from './play.ts';
import { openScene } from './scene.ts';
import { openStage } from './stage.ts';

/** What a stage shows when it is set, and how many requests that took. */
const setStage = async (act: string) => {
  const scene = await openScene();
  try {
    await actNamed(act).before(scene);
    const { simulator, account } = scene;
    return {
      shown: { at: simulator.clock.now(), ...(await oracle.look(scene)), record: account.record() },
      requests: simulator.requests.length,
    };
  } finally {
    await scene.close();
  }
};

test.each(['deploy-endpoint/canary', 'rollback/in-the-steps'])(
  'the stage of %s is the same when it is set again by its changes alone',
  async (act) => {
    const first = await setStage(act);
    const again = await setStage(act);
    expect(again.shown).toEqual(first.shown);
    expect(again.requests).toBeLessThan(first.requests / 3);
  },
  120_000,
);

test('a stage that is not the same after all is refused, not played on', async () => {
  const scene = await openScene();
  try {
    await actNamed('approve-gate').before(scene);
  } finally {
    await scene.close();
  }
  const other = await openScene();
  try {
    // Somebody made the package group first: the change that made it then is refused now.
    await other.simulator.call('sagemaker', 'CreateModelPackageGroup', { ModelPackageGroupName: 'iris' });
    await expect(actNamed('approve-gate').before(other)).rejects.toThrow(/the stage cannot be set again: SageMaker\./);
  } finally {
    await other.close();
  }
}, 120_000);

test('once the stage is set a run is carried out, though the same one is remembered', async () => {
  const requestsOf = async (isSet: boolean): Promise<number> => {
    const stage = await openStage((wire) => openAccount({ wire }));
    try {
      if (isSet) stage.isSet();
      await stage.account.prepare('1.0.0');
      return stage.account.simulator.requests.length;
    } finally {
      await stage.account.close();
    }
  };
  await requestsOf(false);
  const remembered = await requestsOf(false);
  expect(await requestsOf(true)).toBeGreaterThan(3 * remembered);
});
