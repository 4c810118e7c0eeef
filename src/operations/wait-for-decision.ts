import { costSoFar, priceLine, pricePerMinute } from '../approval/runner-price.ts';
import { type Instant, minutes } from '../clock.ts';
import { withJitter } from '../delivery/poll.ts';
import type { Plan } from '../operation.ts';
import { permissionsFor } from '../permissions.ts';
import type { RegisteredVersion } from '../registry/registered-version.ts';
import type { World } from '../world.ts';

/** A person takes minutes to decide. */
export const nextLook = ({ clock, run }: Pick<World, 'clock' | 'run'>): Instant =>
  withJitter(run.holder, clock.now(), minutes(1));

/** The price of the wait; none where nothing is paid by the minute. */
export const priceNotes = (run: World['run'], price?: number): readonly string[] => {
  const cost = pricePerMinute(run, price);
  return cost === undefined ? [] : [priceLine(cost)];
};

/** Nothing is written, and how long it takes is up to a person. */
export const planOfWait = ({ tag, packageVersion }: RegisteredVersion, run: World['run'], price?: number): Plan => ({
  title: `wait until ${tag} is approved or rejected`,
  changes: [],
  notes: [
    `package ${packageVersion} is looked at every minute; the run ends with the decision, or as pending at its timeout`,
    ...priceNotes(run, price),
  ],
  expectedSeconds: 60,
  peakInstances: {},
  permissions: permissionsFor('approve-gate', ['reads-evidence']),
});

/** The cost of the wait so far; undefined where nothing is paid by the minute. */
export const costOfWait = (since: Instant, { clock, run }: World, price?: number): string | undefined => {
  const cost = pricePerMinute(run, price);
  return cost === undefined ? undefined : costSoFar(since, clock.now(), cost);
};
