import type { Throttled } from '../aws/retry.ts';
import { type Instant, iso } from '../clock.ts';
import { withoutAccount } from '../report/result.ts';
import type { World } from '../world.ts';

/** An outage: since then no request was answered. */
export interface Silence {
  readonly since: Instant;
  /** The reason that AWS gave, or the network. */
  readonly because: string;
}

/** Memory leaves the run, and AWS's words may have the account in them. @param since of a silence that goes on */
export const silenceOf = ({ clock, account }: World, since: Instant | undefined, lost: Throttled): Silence => ({
  since: since ?? clock.now(),
  because: withoutAccount(lost.message, account.id).slice(0, 300),
});

export const silentBecause = ({ since, because }: Silence): string =>
  `no request to the models was answered since ${iso(since)}: ${because}`;
