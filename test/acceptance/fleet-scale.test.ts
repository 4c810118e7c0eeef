import { afterEach, expect, test } from '@jest/globals';
import { iso } from '../../src/clock.ts';
import { percent } from '../../src/judge/amounts.ts';
import { rollouts, rehearsedTeam as team } from '../../src/rehearsal/manifest.ts';
import { type FleetStage, openFleetStage } from '../support/fleet.ts';

// Hundreds of endpoints under a limit of SageMaker's; `npm run bench:fleet` plays thousands. Nothing here reads the wall clock: seconds are those of the simulator.

let stage: FleetStage | undefined;
afterEach(() => stage?.account.close());

const allowedPerSecond = 10;
const fleetOf = (endpoints: readonly string[]): string => `\
version: 1
environment: production
places:
  - account: "${team.account}"
    region: ${team.region}
    requests-per-second: ${allowedPerSecond}
    max-concurrent: 60
    endpoints: [${endpoints.join(', ')}]
waves:
  - { name: pilot, count: 5, bake: 10m }
  - { name: rest }
`;
const openHundreds = (endpoints: readonly string[]): Promise<FleetStage> =>
  openFleetStage(endpoints, rollouts.unguarded, {
    // Instances that start soon, so that requests and not minutes are what the fleet waits for.
    settings: { controlPlaneRate: allowedPerSecond, provisionMs: 20_000, containerStartMs: 5_000, terminateMs: 5_000 },
  });

const endpoints = Array.from({ length: 200 }, (_, at) => `iris-${at}`);

test('200 endpoints use 90 % or more of the allowed rate of requests, and no release fails', async () => {
  stage = await openHundreds(endpoints);
  stage.write(fleetOf(endpoints));
  const seen = stage.account.watch();
  const { end, report } = await stage.roll('one');
  expect(end).toMatchObject({ status: 'SUCCEEDED' });
  const [pilot, rest] = report?.waves ?? [];
  const all = [...(pilot?.endpoints ?? []), ...(rest?.endpoints ?? [])];
  expect(all.filter(({ reason }) => reason === 'delivered')).toHaveLength(endpoints.length);

  // While endpoints of the wave wait for their beginning: before and after, the fleet needs less than it may.
  const began = Date.parse(rest?.began ?? '');
  const last = seen().findLast(({ operation, mutation }) => operation === 'UpdateEndpoint' && mutation)?.at ?? 0;
  const asked = seen().filter(({ service, at }) => service === 'sagemaker' && at >= began && at < last);
  const answered = asked.filter(({ error }) => error !== 'ThrottlingException').length;
  const used = answered / ((last - began) / 1000);
  const whole =
    seen().filter(({ service, at, error }) => service === 'sagemaker' && at >= began && error !== 'ThrottlingException')
      .length /
    ((Date.parse(rest?.ended ?? '') - began) / 1000);
  process.stdout.write(
    `fleet of ${endpoints.length}: allowed ${allowedPerSecond} requests a second; used ${used.toFixed(1)} (${percent(used / allowedPerSecond)}) from ${iso(began)} until the last update began, ${whole.toFixed(1)} (${percent(whole / allowedPerSecond)}) over the whole wave; ${asked.length - answered} of ${asked.length} were throttled; ${rest?.['requests-per-endpoint']} an endpoint\n`,
  );
  expect(used / allowedPerSecond).toBeGreaterThanOrEqual(0.9);
  expect(used).toBeLessThanOrEqual(allowedPerSecond);
});
