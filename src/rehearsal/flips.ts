import type { Settings } from '../../simulator/contracts.ts';

/**
 * The other value of everything AWS leaves open. Under each the scenarios may end differently, but what is reported must still be
 * true of what DescribeEndpoint shows.
 */
export const flips: readonly Partial<Settings>[] = [
  { provisionMs: 900_000 },
  { terminateMs: 300_000 },
  { activateTrafficMs: 60_000 },
  { alarmPollMs: 60_000 },
  { metricDelayMs: 180_000 },
  { latencyTrimmedStatistics: false },
  { alarmSettleMs: 60_000 },
  { redAlarmAtUpdate: 'refused' },
  { missingAlarmAtUpdate: 'ignored' },
  { insufficientDataTrips: true },
  { sameConfigUpdate: 'refused' },
  { lastStepWaits: true },
  { percentRounding: 'down' },
  { unapprovedRefusedAt: 'never' },
  { configVisibleAfterMs: 20_000 },
  { staleDescribeMs: 90_000 },
  { eraseFailureReasonAfterMs: 1_000 },
  { failureReasonClearedBy: 'next-success' },
  { defaultApprovalStatus: 'Approved' },
  { packageListedAfterMs: 20_000 },
  { controlPlaneRate: 2 },
  { s3Versioning: true },
];

/** `staleDescribeMs=90000`. */
export const flipName = (flip: Partial<Settings>): string =>
  Object.entries(flip)
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
