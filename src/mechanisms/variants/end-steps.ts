import type { Instant } from '../../clock.ts';
import { armsOfVariants } from '../../metrics/arms.ts';
import { metricDelay } from '../../metrics/traffic.ts';
import type { ReasonCode } from '../../reason-codes.ts';
import type { Stepping } from '../../release/record.ts';
import type { State } from '../../rollout/state.ts';
import { compareAfterAlarms, type Exposure, excuse } from '../shared-outage.ts';
import type { Turn, TurnResult } from '../turn.ts';

/** The author of a command that a change in the registry caused. */
export const registry = 'the model registry';

type Returned = Extract<State, { is: 'returned' }>;

/** Ends the steps once the traffic is back. After an alarm both variants' numbers decide whether the candidate is convicted. */
export const endSteps = async (turn: Turn, state: Returned): Promise<TurnResult> => {
  const [reason, because] = endOf(turn, state);
  const { stepping, commands } = turn.release;
  const exposure = stepping && exposureOf(stepping);
  if (reason !== 'alarm' || stepping === undefined || exposure === undefined) return turn.conclude(reason, because);
  // A run that is ending has no time for metrics that arrive late.
  const patient = !commands.some(({ command }) => command === 'abort');
  const complete = exposure.to + metricDelay;
  const wait = (notBefore: Instant): TurnResult => ({
    because: `${because}; the traffic is back; waiting for the metrics of both versions`,
    percent: 88,
    notBefore,
  });
  if (patient && turn.world.clock.now() < complete) return wait(complete);
  const arms = (latency: Parameters<typeof armsOfVariants>[3]) =>
    armsOfVariants(turn.world, turn.endpoint, stepping, latency);
  const compared = await compareAfterAlarms(turn, turn.release.witnessed.alarms ?? [], exposure, {
    arms,
    apart: arms,
  });
  if (compared.is === 'unsettled' && patient) return wait(turn.nextPoll());
  return compared.is === 'shared'
    ? turn.conclude('shared-outage', `${because}; ${compared.because}; ${excuse(turn.release.version)}`)
    : turn.conclude(reason, `${because}; ${compared.because}`);
};

const exposureOf = ({ moves }: Stepping): Exposure | undefined => {
  const first = moves.find(({ share }) => share > 0);
  const last = moves.at(-1);
  return first && last && { from: first.from, to: last.until ?? last.from };
};

/** The command that stopped a release may name the release's reason code. */
const endOf = ({ release }: Turn, { why, because }: Returned): readonly [reason: ReasonCode, because: string] => {
  const abort = release.commands.find(({ command }) => command === 'abort');
  if (why !== 'aborted-by-hand' || abort?.reason === undefined) return [why, because];
  return [abort.reason, abort.by === registry ? `${release.version} has no traffic: ${abort.why}` : because];
};
