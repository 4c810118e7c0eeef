import { needsBurstGuard } from './burst-guard.ts';
import { type Block, type Dispersion, dispersionOf } from './dispersion.ts';
import { usualErrorRate } from './incident.ts';
import type { WatchedOwn } from './own-metrics.ts';

/** A metric of the user's own in one minute of the version that serves: its events, cell by cell, and the number they are a part of. */
export interface OwnMinute {
  readonly events: readonly number[];
  readonly of: number;
}

export interface OwnHistory {
  readonly watched: WatchedOwn;
  /** Of the cell that varies most; absent where no event was seen. */
  readonly dispersion?: Dispersion;
  /** Shares of the events. */
  readonly shares: readonly number[];
}

/** @param history in order, oldest first, from before the first candidate request */
export const ownHistory = (history: readonly OwnMinute[]): OwnHistory => {
  const cells = (history[0]?.events ?? [0]).map((_, event): readonly Block[] =>
    history.map(({ events, of }) => ({ requests: of, bad: events[event] ?? 0 })),
  );
  const usual = usualErrorRate(cells[0] ?? []);
  const dispersions = cells.flatMap((cell) => dispersionOf(cell) ?? []);
  const all = history.reduce((sum, { of }) => sum + of, 0);
  return {
    watched: {
      // A history of any event that comes in bursts, or that is too short to show it.
      burstGuard: cells.some((cell) => needsBurstGuard(cell).needed),
      ...(usual === undefined ? {} : { usual }),
    },
    ...withDispersion(dispersions),
    shares: cells.map((cell) => (all > 0 ? cell.reduce((sum, { bad }) => sum + bad, 0) / all : 0)),
  };
};

const withDispersion = (cells: readonly Dispersion[]): Pick<OwnHistory, 'dispersion'> =>
  cells.length === 0
    ? {}
    : {
        dispersion: {
          against: Math.max(...cells.map(({ against }) => against)),
          health: Math.max(...cells.map(({ health }) => health)),
          burstSeconds: Math.max(...cells.map(({ burstSeconds }) => burstSeconds)),
        },
      };
