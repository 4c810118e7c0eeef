import { type Contestant, type Minute, minutesOf, type Ruling, type Run, seenAt } from '../stream.ts';

/** What people configure today: an absolute limit on the candidate alone. */
const errorLimit = 0.01;
const latencyLimit = 300;

/** No evidence of harm is what these read as health. */
export const survived = ({ rows }: Run): Ruling => ({ healthyAt: [rows.length - 1] });

const rate = (minutes: readonly Minute[]): number | undefined => {
  const arms = minutes.flatMap(({ candidate }) => (candidate ? [candidate] : []));
  const n = arms.reduce((sum, arm) => sum + arm.n, 0);
  return n > 0 ? arms.reduce((sum, arm) => sum + arm.err + arm.err4xx, 0) / n : undefined;
};
const p99 = (minutes: readonly Minute[]): number | undefined => {
  const values = minutes.flatMap(({ candidate }) => candidate?.p99 ?? []);
  return values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : undefined;
};
/** Undefined when there is no data. */
const breaches = (minutes: readonly Minute[]): boolean | undefined => {
  const [errors, latency] = [rate(minutes), p99(minutes)];
  if (errors === undefined) return undefined;
  return errors > errorLimit || (latency ?? 0) > latencyLimit;
};

/** CloudWatch: the last `of` periods of `minutesEach` all breach; missing data does not. Evaluated at the end of each period. */
export const alarm = (name: string, minutesEach: number, of: number): Contestant => ({
  name,
  rule(run, setting): Ruling {
    const minutes = minutesOf(run, setting);
    for (let end = minutesEach * of; end <= minutes.length; end += minutesEach) {
      const seen = seenAt(minutes.slice(end - minutesEach * of, end), minutesEach * of);
      const periods = Array.from({ length: of }, (_, index) =>
        seen.slice(index * minutesEach, (index + 1) * minutesEach),
      );
      if (periods.every(breaches)) return { rolledBackAt: minutes[end - 1]?.lastRow ?? 0, healthyAt: [] };
    }
    return survived(run);
  },
});

/**
 * Argo Rollouts: a measurement a minute over the trailing five, failed when the condition is false; more than `failureLimit`
 * failures over the whole run abort (`failed > failureLimit`), five consecutive provider errors too. It promotes at the end of its steps without failures.
 */
export const argo = (failureLimit = 3): Contestant => ({
  name: 'Argo counters',
  rule(run, setting): Ruling {
    const minutes = minutesOf(run, setting);
    let failed = 0;
    let errors = 0;
    for (let end = 1; end <= minutes.length; end += 1) {
      const newest = minutes.slice(Math.max(0, end - 5), end);
      const breach = breaches(seenAt(newest, newest.length));
      errors = breach === undefined ? errors + 1 : 0;
      if (breach) failed += 1;
      if (failed > failureLimit || errors > 4) return { rolledBackAt: minutes[end - 1]?.lastRow ?? 0, healthyAt: [] };
    }
    return survived(run);
  },
});

/** Flagger: a check a minute on the newest minute; a miss or no data counts, never decays, and `threshold` of them roll back at the next tick. */
export const flagger = (threshold = 5): Contestant => ({
  name: 'Flagger loop',
  rule(run, setting): Ruling {
    const minutes = minutesOf(run, setting);
    let failed = 0;
    for (const minute of minutes) {
      if (failed >= threshold) return { rolledBackAt: minute.lastRow, healthyAt: [] };
      if (breaches(seenAt([minute], 1)) !== false) failed += 1;
    }
    return survived(run);
  },
});

/**
 * An alarm on a metric expression: the candidate's error rate divided by the baseline's is above `limit` in `needed` of the last `of`
 * minutes. CloudWatch gives no data point for a division by zero, and missing data does not breach.
 */
export const ratioAlarm = (name: string, limit: number, needed: number, of: number): Contestant => ({
  name,
  rule(run, setting): Ruling {
    const minutes = minutesOf(run, setting);
    for (let end = 1; end <= minutes.length; end += 1) {
      const newest = minutes.slice(Math.max(0, end - of), end);
      const breaching = seenAt(newest, newest.length).filter((minute) => ratioOf(minute) > limit);
      if (breaching.length >= needed) return { rolledBackAt: minutes[end - 1]?.lastRow ?? 0, healthyAt: [] };
    }
    return survived(run);
  },
});

/** NaN without a data point. */
const ratioOf = ({ candidate, baseline }: Minute): number => {
  const bad = ({ err, err4xx }: { readonly err: number; readonly err4xx: number }): number => err + err4xx;
  if (!candidate || !baseline || candidate.n === 0 || bad(baseline) === 0) return Number.NaN;
  return bad(candidate) / candidate.n / (bad(baseline) / baseline.n);
};
