import { iso } from '../clock.ts';
import { oneLine } from '../plain-text.ts';
import type { ReleaseRecord } from '../release/record.ts';

/** An endpoint's configurations and the end of each of its releases, newest first. For a terminal. */
export const historyAsText = (record: ReleaseRecord): string =>
  [
    record.live
      ? `live: ${record.live.id}, ${record.live.phase}, held by ${record.live.lease.holder} until ${iso(record.live.lease.until)}`
      : 'no release is live',
    '',
    'served:',
    ...record.history.map(
      (served) =>
        `  ${iso(served.from)} – ${served.until === undefined ? 'now'.padEnd(20) : iso(served.until)}  ${served.version ?? '(not by this suite)'}  ${served.endpointConfig}${served.good ? '' : '  not good'}${served.ended ? `  ${served.ended}` : ''}`,
    ),
    '',
    'releases:',
    ...record.ended.map(
      (release) =>
        `  ${iso(release.startedAt)}  ${release.operation} ${release.version}: ${release.outcome ?? '?'}/${release.reason ?? '?'}  ${release.because ?? ''}`,
    ),
  ]
    .map(oneLine)
    .join('\n');
