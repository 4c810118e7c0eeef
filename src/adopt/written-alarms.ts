import type { MetricAlarm } from '../aws/cloudwatch.ts';
import type { Instant } from '../clock.ts';
import { mostNamedAlarms } from '../manifest/manifest.ts';
import { watchedMetrics } from '../metrics/alarm-lint.ts';
import { lintAlarm } from '../metrics/alarms.ts';
import type { CompositeAlarm, Found } from './found.ts';

/** Alarms that watch an endpoint, as far as a rollout can use them. */
export interface WrittenAlarms {
  readonly named: readonly string[];
  readonly remarks: readonly string[];
}

const watches = (alarm: MetricAlarm, endpoint: string): boolean =>
  watchedMetrics(alarm).some(({ dimensions }) => dimensions['EndpointName'] === endpoint);

/** The alarms that can protect a release, and for the others the reason why not. */
export const writtenAlarms = (
  {
    endpoint,
    variant,
    kind,
    alarms,
    composites,
  }: Pick<Found, 'endpoint' | 'variant' | 'kind' | 'alarms' | 'composites'>,
  guarded: { readonly bakeSeconds: number; readonly rate: number } | undefined,
  now: Instant,
): WrittenAlarms => {
  const own = alarms
    .filter((alarm) => watches(alarm, endpoint))
    .sort((one, other) => nameOf(one).localeCompare(nameOf(other), 'en'));
  if (guarded === undefined)
    return {
      named: [],
      remarks: own.map(
        (alarm) => `Alarm ${nameOf(alarm)} watches this endpoint, and SageMaker watches no alarm during its updates.`,
      ),
    };
  const facts = {
    endpoint,
    variant,
    kind,
    now,
    // The config of the next version has another name than that of any alarm.
    endpointConfig: 'of the next version',
    candidateRequestsPerSecond: guarded.rate,
  };
  const judged = own.map((alarm) => {
    const problems = lintAlarm(alarm, guarded.bakeSeconds, facts);
    const against = problems.filter(({ kind: severity }) => severity !== 'warning').map(({ sentence }) => sentence);
    const reasons = startsScaling(alarm)
      ? [`alarm ${nameOf(alarm)} starts a scaling policy: it shows load, not health`]
      : against;
    return { name: nameOf(alarm), reasons, warnings: problems.map(({ sentence }) => sentence) };
  });
  const fit = judged.filter(({ reasons }) => reasons.length === 0);
  return {
    named: fit.slice(0, mostNamedAlarms).map(({ name }) => name),
    remarks: [
      ...judged.filter(({ reasons }) => reasons.length > 0).map(({ reasons: [first] }) => `Not named below: ${first}.`),
      ...fit
        .slice(mostNamedAlarms)
        .map(({ name }) => `Not named below: alarm ${name}: SageMaker watches ten alarms at most.`),
      ...fit
        .slice(0, mostNamedAlarms)
        .flatMap(({ warnings }) => warnings.map((sentence) => `Named below: ${sentence}.`)),
      ...composites
        .filter(({ AlarmRule = '' }) => own.some((alarm) => names(AlarmRule, nameOf(alarm))))
        .map((one) => compositeLine(one)),
    ],
  };
};

const nameOf = ({ AlarmName }: MetricAlarm): string => AlarmName ?? '';

const startsScaling = ({ AlarmActions = [] }: MetricAlarm): boolean =>
  AlarmActions.some((action) => action.includes(':scalingPolicy:'));

/** A rule names an alarm by its name or ARN, in quotes or without (AWS: PutCompositeAlarm, AlarmRule). */
const names = (rule: string, alarm: string): boolean =>
  [...rule.matchAll(/\(\s*"?([^"()]+?)"?\s*\)/g)].some(
    ([, named = '']) => named === alarm || named.endsWith(`:alarm:${alarm}`),
  );

const compositeLine = ({ AlarmName }: CompositeAlarm): string =>
  `Not named below: composite alarm ${AlarmName}: whether SageMaker watches those is not documented.`;
