import { seconds } from '../clock.ts';
import { consolePage } from '../endpoint/console.ts';
import type { Outcome } from '../outcome.ts';
import type { ReasonCode } from '../reason-codes.ts';
import type { RegisteredVersion } from '../registry/registered-version.ts';
import type { ReleaseRecord } from '../release/record.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';
import { type NotifyTerms, threadOfCandidate } from './notice.ts';
import { send } from './send.ts';

export interface Tested {
  readonly registered: Pick<RegisteredVersion, 'version'>;
  /** Of the endpoint: a candidate without traffic has a delivery that began before. */
  readonly record: Pick<ReleaseRecord, 'ended'>;
  /** Absent where the alias of a function serves. */
  readonly endpoint?: string;
  /** Of the subject of the test, and the number of its attempt. */
  readonly id: string;
  readonly attempt: number;
  readonly verdict: 'pass' | 'fail' | 'inconclusive';
  /** A clause. */
  readonly because: string;
  readonly outcome: Outcome;
  readonly reason: ReasonCode;
}

const titles = {
  pass: 'passes the regression test',
  fail: 'does not pass the regression test',
  inconclusive: 'no clear result of the regression test',
} as const satisfies Readonly<Record<Tested['verdict'], string>>;

/**
 * Tells of the verdict of a regression test. The run that reached the verdict does it, after the verdict was recorded: what is told stands.
 * @returns a sentence for each sink that failed
 */
export const announceVerdict = async (
  world: World,
  notify: NotifyTerms | undefined,
  { registered: { version }, record, endpoint, id, attempt, verdict, because, outcome, reason }: Tested,
): Promise<readonly string[]> => {
  if (notify === undefined || world.write === undefined) return [];
  const { model, environment, sinks } = notify;
  const notice = {
    id: `${model}-${version}-${environment}-${id.slice(0, 8)}-${attempt}/verdict-test`,
    event: 'verdict',
    at: world.clock.now(),
    title: `${model} ${version}, ${environment}: ${titles[verdict]}`,
    text: `${because}.`,
    ...withoutUndefined({ thread: threadOfCandidate(record, version) }),
    facts: withoutUndefined({
      ...{ model, environment, version, endpoint, outcome, reason },
      operation: 'regression-test',
      console: endpoint && consolePage(world.account, endpoint),
      run: world.run.url,
    }),
  } as const;
  return send(world, sinks, [notice], seconds(15));
};
