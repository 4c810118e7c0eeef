import type { JudgePolicy } from '../manifest/manifest.ts';

/** The members of a policy's metric that only metrics of the user's own have. */
export interface OwnTraits {
  /** A count of the user's own. While it is missing the weight stays; the candidate is still observed by the other metrics. */
  readonly own?: true;
  /** The counted events are good ones: a candidate with too few of them is worse. */
  readonly good?: true;
  /** A distribution over these cells: a change of their shares is the event, in either direction. */
  readonly cells?: readonly string[];
  /** Enough evidence holds the weight and convicts nothing: a new model may differ on purpose. Its `weight` is 0. */
  readonly holds?: true;
  /** Its own burst guard, decided by its own history; absent: the policy's. */
  readonly guarded?: boolean;
}

interface Own extends OwnTraits {
  readonly name: string;
  readonly weight: number;
  readonly worseThan: number;
  readonly excessBelow?: number;
  readonly usual?: number | 'unknown';
  readonly says: string;
}

/** What the day before says about a metric of the user's own. */
export interface WatchedOwn {
  /** The baseline's usual share; absent without a day before. */
  readonly usual?: number;
  /** Its events came in bursts, or nothing is known of them. */
  readonly burstGuard: boolean;
}

/** Part of the budget where the manifest gives none: that of 4xx, and half of that of errors. In the unit of the policy's budgets. */
const usualWeight = 2;
/** A new model moves the shares of its answers a little, and only larger changes are conspicuous. */
const usualFactorOfCells = 2;

/**
 * The manifest's `judge.metrics` that are read, with the defaults filled in; weights before they are scaled.
 * @param watched by name
 */
export const ownMetricsOf = (
  { convict, burstGuard, metrics = [] }: JudgePolicy,
  watched: Readonly<Record<string, WatchedOwn>>,
): readonly Own[] =>
  metrics.flatMap(({ name, counts, cells, verdict, worseThan, weight, excessBelow }): readonly Own[] => {
    const seen = watched[name];
    if (seen === undefined) return [];
    // A hold costs time only, so nothing slows it down.
    const guarded = verdict === 'convict' && (burstGuard === 'on' || (burstGuard !== 'off' && seen.burstGuard));
    return [
      {
        name,
        weight: verdict === 'hold' ? 0 : (weight ?? 1) * usualWeight,
        worseThan: worseThan ?? (cells ? usualFactorOfCells : convict.worseThan),
        ...(excessBelow === undefined ? {} : { excessBelow, usual: seen.usual ?? 'unknown' }),
        own: true,
        ...(counts === 'good' ? { good: true } : {}),
        ...(cells ? { cells } : {}),
        ...(verdict === 'hold' ? { holds: true } : {}),
        guarded,
        says: name,
      },
    ];
  });
