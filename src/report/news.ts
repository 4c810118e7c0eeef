import { minutes } from '../clock.ts';
import type { TimelineEntry } from './result.ts';

const heartbeat = minutes(5);

/** Which progress is worth a line: every change of what is said (the percentage alone is none), and a sign of life every five minutes (virtual, in a rehearsal). */
export const newsFilter = (): ((entry: TimelineEntry) => 'change' | 'heartbeat' | undefined) => {
  let said: TimelineEntry | undefined;
  return (entry) => {
    const changed = said?.because !== entry.because;
    if (!changed && said && entry.at - said.at < heartbeat) return undefined;
    said = entry;
    return changed ? 'change' : 'heartbeat';
  };
};
