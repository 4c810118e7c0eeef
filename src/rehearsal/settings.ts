import type { Settings } from '../../simulator/contracts.ts';
import { flips } from '../../simulator/settings.ts';
import { groupBy } from '../group-by.ts';
import type { Manner, Out, Performance, Played } from './performance.ts';
import { playAll } from './play.ts';
import type { Scenario } from './scenarios/scenario.ts';
import type { ScenarioVerdict } from './verdict.ts';

/** A setting that fewer scenarios than this read is flipped in all of them. */
const few = 4;

/**
 * Plays the outcome table unchanged, then with every unconfirmed setting of the simulator flipped, one at a time. The report must
 * be the expected one, `inconclusive`, or the one that the scenario allows there; and it must agree with DescribeEndpoint.
 */
export const rehearseSettings = async (
  scenarios: readonly Scenario[],
  out: Out,
  everyPair: boolean,
  manner: Manner,
): Promise<readonly ScenarioVerdict[]> => {
  const plain = await playAll(
    scenarios.map((scenario) => ({ scenario })),
    out,
    manner,
  );
  const flipped = await playAll(flippedPerformances(plain, everyPair), out, manner);
  return [...plain, ...flipped].map(({ verdict }) => verdict);
};

/**
 * The scenarios in which a flip can matter: the simulator read the setting during their judged release. If they are few, all of
 * them are played; else one for each expected outcome, and another one for each setting, so that all are played in turn.
 */
export const flippedPerformances = (
  plain: readonly Pick<Played, 'scenario' | 'settingsRead'>[],
  everyPair = false,
): readonly Performance[] =>
  (Object.keys(flips) as (keyof Settings)[]).flatMap((flip, turn) => {
    const touched = plain
      .filter(({ scenario, settingsRead }) => settingsRead.includes(flip) && !(flip in (scenario.settings ?? {})))
      .map(({ scenario }) => scenario);
    const groups = groupBy(touched, ({ expected }) => expected.outcome);
    const chosen =
      everyPair || touched.length < few
        ? touched
        : [...groups.values()].flatMap((group) => group[turn % group.length] ?? []);
    return chosen.map((scenario) => ({ scenario, flip }));
  });
