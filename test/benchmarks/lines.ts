import { latencyEdges } from './latency-law.ts';
import { predictedClasses } from './scenarios.ts';
import type { RowArm, Run } from './stream.ts';

/** A stream as `model-delivery judge` reads it: the day before as baseline lines, then both arms; a missing arm has no line. */
export const linesOf = ({ rows, history }: Run): string => {
  const past = history.map(({ requests, bad, predictions }, minute) => ({
    t: 60 * (minute - history.length),
    arm: 'baseline',
    n: requests,
    err: bad,
    ...predicted(predictions),
    seconds: 60,
  }));
  const present = rows.flatMap(({ t, seconds, share, moved, candidate, baseline }) => {
    const line = (arm: string, { n, err, err4xx, cells, p99, predictions }: RowArm): object => ({
      t,
      arm,
      n,
      err,
      ...(err4xx === undefined ? {} : { err4xx }),
      ...(cells ? { cells, edges: latencyEdges } : {}),
      ...(p99 === undefined ? {} : { p99 }),
      ...predicted(predictions),
      seconds,
      share,
      ...(moved ? { moved } : {}),
    });
    return [...(candidate ? [line('candidate', candidate)] : []), ...(baseline ? [line('baseline', baseline)] : [])];
  });
  return `${[...past, ...present].map((line) => JSON.stringify(line)).join('\n')}\n`;
};

const predicted = (counts: readonly number[] | undefined): object =>
  counts
    ? { predictions: { cells: Object.fromEntries(predictedClasses.map((name, index) => [name, counts[index] ?? 0])) } }
    : {};
