import type { Settings } from '../../simulator/contracts.ts';
import { flips } from '../../simulator/settings.ts';
import { groupBy } from '../group-by.ts';
import { type Out, type Performance, type Played, playAll } from './play.ts';
import type { Scenario } from './scenarios/scenario.ts';
import type { Verdict } from './verdict.ts';

/** What fewer scenarios than this look at is flipped in all of them. */
const few = 4;

/**
 * The outcome table once as it is, then with every setting of the simulator that no source confirms flipped, one at a time. What is
 * reported must be what was expected, `inconclusive`, or what the scenario says is right there; and true of DescribeEndpoint.
 */
export const rehearseSettings = async (
  scenarios: readonly Scenario[],
  out: Out,
  everyPair: boolean,
): Promise<readonly Verdict[]> => {
  const plain = await playAll(
    scenarios.map((scenario) => ({ scenario })),
    out,
  );
  const flipped = await playAll(flippedPerformances(plain, everyPair), out);
  return [...plain, ...flipped].map(({ verdict }) => verdict);
};

/**
 * Where a flip can matter: in scenarios during whose judged release the simulator looked at the setting. All of them where they are
 * few; else one for each expected outcome, another one for each setting in turn, so that all have their turn.
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
