/**
 * Whether a group-sequential bound proves health with fewer requests than the bets of `src/judge/health.ts`, once the longest stay on a step
 * is known: `nice node test/benchmarks/group-sequential.ts [runs]` prints the table of docs/judge.md.
 *
 * Both see the same minutes of a healthy candidate: 300 of 3,000 requests each. The group-sequential test is the one-sided score test
 * of the excess (Farrington & Manning 1990) at every minute, with the boundaries of Wang & Tsiatis (1987): Δ = 0 is O'Brien–Fleming's,
 * Δ = 0.5 Pocock's. Its last look is the end of the longest stay; no look is after it.
 */
import { aimedBets, gridOf } from '../../src/judge/bets.ts';
import { logEvidenceBelow, noExcess, observeHealth, stakesOf } from '../../src/judge/health.ts';
import { requestsToProof } from '../../src/judge/time-to-proof.ts';
import { randomFrom } from './random.ts';

const runs = Number(process.argv[2] ?? 2000);
const [limit, confidence] = [0.005, 0.95];
const [perMinute, others] = [300, 2700];
const deltas = [0, 0.25, 0.5] as const;
const stays = [1, 1.5, 2, 4] as const;

/** The constant of the boundary: the (1 − α) quantile of the largest weighted z of Gaussian walks. */
const constants = new Map<string, number>();
const walks = randomFrom('gaussian walks');
const constantOf = (looks: number, delta: number): number => {
  const name = `${looks} ${delta}`;
  const known = constants.get(name);
  if (known !== undefined) return known;
  const largest = Array.from({ length: 20_000 }, () => {
    let sum = 0;
    let top = Number.NEGATIVE_INFINITY;
    for (let look = 1; look <= looks; look += 1) {
      sum += walks.gaussian();
      top = Math.max(top, (sum / Math.sqrt(look)) * (look / looks) ** (0.5 - delta));
    }
    return top;
  }).sort((one, other) => one - other);
  const constant = largest[Math.floor(confidence * largest.length)] ?? Number.POSITIVE_INFINITY;
  constants.set(name, constant);
  return constant;
};

/** The score test's z: rates at the limit by the closed form of the restricted maximum likelihood. */
const scoreOf = (c: number, x: number, b: number, y: number): number => {
  const [rate, other, times] = [x / c, y / b, b / c];
  const a = 1 + times;
  const k = -(1 + times + rate + times * other + limit * (times + 2));
  const l = limit ** 2 + limit * (2 * rate + times + 1) + rate + times * other;
  const m = -rate * limit * (1 + limit);
  const v = k ** 3 / (3 * a) ** 3 - (k * l) / (6 * a ** 2) + m / (2 * a);
  const u = Math.sign(v) * Math.sqrt(k ** 2 / (3 * a) ** 2 - l / (3 * a));
  const w = (Math.PI + Math.acos(Math.max(-1, Math.min(1, v / u ** 3)))) / 3;
  const high = 2 * u * Math.cos(w) - k / (3 * a);
  const low = Math.max(0, high - limit);
  return (limit - (rate - other)) / Math.sqrt(Math.max(1e-12, (high * (1 - high)) / c + (low * (1 - low)) / b));
};

interface Proven {
  readonly within: number;
  /** Requests on the step: until the proof, or until the longest stay ends. */
  readonly mean: number;
}
const provenIn = (minutes: readonly number[], longest: number): Proven => ({
  within: minutes.filter((minute) => minute <= longest).length / minutes.length,
  mean: (perMinute * minutes.reduce((sum, minute) => sum + Math.min(minute, longest), 0)) / minutes.length,
});
const cell = ({ within, mean }: Proven): string => `${Math.round(100 * within)} %, ${Math.round(mean / 10) * 10}`;

console.log(
  '| rate | longest stay | bets for every rate | aimed bets | Δ = 0 | Δ = 0.25 | Δ = 0.5 |\n| --- | --- | --- | --- | --- | --- | --- |',
);
for (const rate of [0.001, 0.005, 0.01, 0.05]) {
  const limits = { excessBelow: limit };
  const bets = aimedBets(limits, rate);
  const planned = requestsToProof({ ...limits, bets }, confidence, rate, 0.1);
  const looks = stays.map((stay) => Math.max(2, Math.ceil((stay * planned) / perMinute)));
  const last = Math.max(...looks);
  const first = { unaimed: [] as number[], aimed: [] as number[] };
  const scores: number[][] = [];
  for (let run = 0; run < runs; run += 1) {
    const random = randomFrom(`group-sequential ${rate} ${run}`);
    let seen = { unaimed: noExcess, aimed: noExcess };
    const at = { unaimed: Number.POSITIVE_INFINITY, aimed: Number.POSITIVE_INFINITY };
    const path: number[] = [];
    for (let minute = 1; minute <= last; minute += 1) {
      const counts = {
        candidate: perMinute,
        candidateBad: random.binomial(perMinute, rate),
        baseline: others,
        baselineBad: random.binomial(others, rate),
        perBucket: false,
      };
      for (const [name, grid] of [['unaimed', gridOf({})] as const, ['aimed', gridOf({ bets })] as const]) {
        seen = { ...seen, [name]: observeHealth(seen[name], counts, stakesOf(counts, grid)) };
        if (logEvidenceBelow(seen[name], limit, grid) >= -Math.log(1 - confidence))
          at[name] = Math.min(at[name], minute);
      }
      const { requests, bad, baselineRequests, baselineBad } = seen.aimed;
      path.push(scoreOf(requests, bad, baselineRequests, baselineBad));
    }
    first.unaimed.push(at.unaimed);
    first.aimed.push(at.aimed);
    scores.push(path);
  }
  for (const [index, longest] of looks.entries()) {
    const sequential = deltas.map((delta) => {
      const constant = constantOf(longest, delta);
      const minutes = scores.map((path) => {
        const look = path.slice(0, longest).findIndex((z, at) => z >= constant * ((at + 1) / longest) ** (delta - 0.5));
        return look < 0 ? Number.POSITIVE_INFINITY : look + 1;
      });
      return cell(provenIn(minutes, longest));
    });
    const cells = [cell(provenIn(first.unaimed, longest)), cell(provenIn(first.aimed, longest)), ...sequential];
    console.log(`| ${100 * rate} % | ${stays[index]}x the planned ${planned} | ${cells.join(' | ')} |`);
  }
}
