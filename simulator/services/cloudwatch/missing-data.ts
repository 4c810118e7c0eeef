export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';
export type TreatMissingData = 'breaching' | 'notBreaching' | 'ignore' | 'missing';

/** The periods of the evaluation range: `true` breaches, `false` does not, `undefined` has no data. Oldest first. */
export interface Evidence {
  readonly points: readonly (boolean | undefined)[];
  /** N: how many data points decide. */
  readonly evaluationPeriods: number;
  /** M: how many of them must breach. */
  readonly datapointsToAlarm: number;
  readonly treatMissingData: TreatMissingData;
}

/**
 * The state these points give, or `keep`. AWS: "Configuring how CloudWatch alarms treat missing data". With at least N real points
 * in the range, missing ones are ignored and the newest N decide; otherwise the real points count, and the alarm's setting fills
 * the rest.
 */
export const decide = ({
  points,
  evaluationPeriods,
  datapointsToAlarm,
  treatMissingData,
}: Evidence): AlarmState | 'keep' => {
  const real = points.filter((point) => point !== undefined);
  const deciding = real.slice(-evaluationPeriods);
  const breaches = deciding.filter(Boolean).length;
  const missing = evaluationPeriods - deciding.length;
  if (breaches >= datapointsToAlarm) return 'ALARM';
  if (missing === 0) return 'OK';
  switch (treatMissingData) {
    case 'breaching':
      return breaches + missing >= datapointsToAlarm ? 'ALARM' : 'OK';
    case 'notBreaching':
      return 'OK';
    case 'ignore':
      return breaches < deciding.length ? 'OK' : 'keep';
    case 'missing':
      if (deciding.length === 0) return 'INSUFFICIENT_DATA';
      if (breaches < deciding.length) return 'OK';
      // Only breaches, fewer than M. A lone fresh one does not alarm: the next point may be good. Once the oldest is M periods
      // old and everything after it breaches or is missing, it does ("Avoiding premature transitions to alarm state").
      return points.length - points.indexOf(true) >= datapointsToAlarm ? 'ALARM' : 'keep';
  }
};
