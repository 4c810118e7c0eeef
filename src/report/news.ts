import { minutes } from '../clock.ts';
import type { TimelineEntry } from './result.ts';

const heartbeat = minutes(5);

/**
 * Selects the progress that gets a line: every change of the text, and a sign of life every five minutes (virtual, in a rehearsal).
 * The percentage alone is no change.
 */
export const newsFilter = (): ((entry: TimelineEntry) => 'change' | 'heartbeat' | undefined) => {
  let reported: TimelineEntry | undefined;
  return (entry) => {
    const changed = reported?.because !== entry.because;
    if (!changed && reported && entry.at - reported.at < heartbeat) return undefined;
    reported = entry;
    return changed ? 'change' : 'heartbeat';
  };
};
