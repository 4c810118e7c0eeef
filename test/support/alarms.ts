import type { MetricAlarm } from '../../src/aws/cloudwatch.ts';
import type { Alarms } from '../../src/manifest/manifest.ts';
import type { AlarmFacts, AlarmProblem } from '../../src/metrics/alarm-lint.ts';
import { type AlarmSpec, releaseAlarms } from '../../src/metrics/alarms.ts';

/** The fleet that a release brings. */
export const candidate = { endpoint: 'churn', variant: 'AllTraffic', endpointConfig: 'churn-1-4-0-1a2b3c4d' };
export const facts: AlarmFacts = candidate;
export const everything: Alarms = { errors: 0.01, latencyP99Milliseconds: 300, named: [] };

/** The alarms of the release. */
export const kit = (bakeSeconds: number, alarms: Alarms = everything): readonly AlarmSpec[] =>
  releaseAlarms({ ...candidate, alarms, bakeSeconds });

/** One of them, by its purpose. */
export const part = (purpose: string, bakeSeconds = 600): AlarmSpec => {
  const found = kit(bakeSeconds).find(({ AlarmName }) => AlarmName.includes(`-${purpose}-`));
  if (!found) throw new Error(`no ${purpose} alarm`);
  return found;
};

const [asyncErrors] = releaseAlarms({ ...candidate, kind: 'asynchronous', alarms: everything, bakeSeconds: 600 });
/** A sound alarm of the team's own, on one metric of the candidate. */
export const theirs: MetricAlarm = { ...asyncErrors, AlarmName: 'theirs' };

export const kinds = (problems: readonly AlarmProblem[]): readonly AlarmProblem['kind'][] =>
  problems.map(({ kind }) => kind);

export const dims = (record: Readonly<Record<string, string>>) =>
  Object.entries(record).map(([Name, Value]) => ({ Name, Value }));
