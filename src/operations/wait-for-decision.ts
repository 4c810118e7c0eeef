import { costSoFar, priceLine, pricePerMinute } from '../approval/runner-price.ts';
import { type Instant, minutes, seconds } from '../clock.ts';
import { digest } from '../digest.ts';
import type { Plan } from '../operation.ts';
import { permissionsFor } from '../permissions.ts';
import type { RegisteredVersion } from '../registry/registered-version.ts';
import type { World } from '../world.ts';

/** A person takes minutes to decide. Jitter as for any poll (DESIGN §7 rule 11), from the run and the time, so that a rehearsal repeats. */
export const nextLook = ({ clock, run }: Pick<World, 'clock' | 'run'>): Instant => {
  const now = clock.now();
  const jitter = Number.parseInt(digest([run.holder, now]).slice(0, 8), 16) / 0xffffffff;
  return now + minutes(1) + Math.round(jitter * seconds(12));
};

/** Nothing is written, and how long it takes is up to a person. */
export const planOfWait = ({ tag, packageVersion }: RegisteredVersion, run: World['run'], price?: number): Plan => {
  const cost = pricePerMinute(run, price);
  return {
    title: `wait until ${tag} is approved or rejected`,
    changes: [],
    notes: [
      `package ${packageVersion} is looked at every minute; the run ends with the decision, or as pending at its timeout`,
      ...(cost === undefined ? [] : [priceLine(cost)]),
    ],
    expectedSeconds: 60,
    peakInstances: {},
    permissions: permissionsFor('approve-gate', ['reads-evidence']),
  };
};

/** The cost of the wait so far; undefined where nothing is paid by the minute. */
export const costOfWait = (since: Instant, { clock, run }: World, price?: number): string | undefined => {
  const cost = pricePerMinute(run, price);
  return cost === undefined ? undefined : costSoFar(since, clock.now(), cost);
};
