import { duration, seconds } from '../clock.ts';
import type { EndpointSpec, Rollout } from '../manifest/manifest.ts';
import { Refusal } from '../operation.ts';
import type { Configuration } from '../release/record.ts';
import type { Path } from '../rollout/compile.ts';
import type { World } from '../world.ts';
import { type AlarmSpec, lintAlarm } from './alarms.ts';

interface Fitness {
  readonly spec: EndpointSpec;
  readonly rollout: Rollout;
  readonly path: Path;
  readonly alarms: readonly AlarmSpec[];
  readonly baseline: Configuration | undefined;
  /** Requests per second that the endpoint usually sees. */
  readonly rate: number;
}

/**
 * Rules 5 and 6, before anything is written: every alarm can go off within the bake, every named alarm exists and is not red,
 * and the usual traffic lets the bake see what it must.
 * @throws {Refusal} `alarm-cannot-fire`, `alarm-not-ready`, `too-little-traffic`
 */
export const refuseUnfit = async (world: World, fitness: Fitness): Promise<void> => {
  if (fitness.path.mechanism === 'creation') return;
  await refuseUnfitAlarms(world, fitness);
  refuseTooLittleTraffic(fitness);
};
