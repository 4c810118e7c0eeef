/** Exact 95 % bounds of a share: the rates under which as many, or as few, successes have a chance of 2.5 %. */
export const clopperPearson = (successes: number, trials: number): readonly [lower: number, upper: number] => [
  successes === 0 ? 0 : solve((rate) => 1 - below(successes - 1, trials, rate), 0.025),
  successes === trials ? 1 : solve((rate) => 1 - below(successes, trials, rate), 0.975),
];

/** The rate at which a rising function reaches the target. */
const solve = (rising: (rate: number) => number, target: number): number => {
  let low = 0;
  let high = 1;
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2;
    if (rising(middle) < target) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
};

/** P(at most `successes` of `trials`). */
const below = (successes: number, trials: number, rate: number): number => {
  if (rate <= 0) return 1;
  if (rate >= 1) return successes >= trials ? 1 : 0;
  let log = trials * Math.log1p(-rate);
  let sum = Math.exp(log);
  for (let count = 1; count <= successes; count += 1) {
    log += Math.log((trials - count + 1) / count) + Math.log(rate / (1 - rate));
    sum += Math.exp(log);
  }
  return Math.min(1, sum);
};
