import { beforeAll, describe, expect, test } from '@jest/globals';
import { createRandom } from '../../simulator/random.ts';
import { playPoint, type Recording, record } from './play.ts';
import { nameOf, pointsInEveryWay } from './points.ts';
import { prepareCache } from './scene.ts';
import { playSchedule } from './schedules.ts';

/**
 * A few of the crash points and schedules of `npm run test:crash` (docs/reliability.md), always the same ones. The command line, which
 * has to be built first, is left to the whole command.
 */
const seed = 20_260_105;

describe.each(['rollback/in-the-steps', 'deploy-endpoint/create', 'regression-test/temporary'])(
  '%s, killed somewhere and run again',
  (act) => {
    let clean: Recording;
    beforeAll(async () => {
      prepareCache();
      clean = await record(act);
    });

    test('ends as if nothing had been', async () => {
      const random = createRandom(seed, act);
      const points = pointsInEveryWay(act, clean.requests).filter(({ rerun }) => rerun !== 'command-line');
      const sample = Array.from({ length: 4 }, () => points[Math.floor(random() * points.length)]);
      for (const point of sample) {
        if (point === undefined) throw new Error(`${act} has no points`);
        const { violations } = await playPoint(nameOf(point), clean);
        expect({ point: nameOf(point), violations }).toEqual({ point: nameOf(point), violations: [] });
      }
    });
  },
);

test.each([2, 10])('the random schedule of seed %i leaves nothing wrong', async (schedule) => {
  expect((await playSchedule(schedule)).violations).toEqual([]);
});
