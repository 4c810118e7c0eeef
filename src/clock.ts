/** Milliseconds since the Unix epoch, UTC. */
export type Instant = number;

/**
 * The only source of time, and the only place that waits (a test enforces it). In production it is the wall clock; in a rehearsal
 * it is the simulator's virtual clock; in a test it is the test's.
 */
export interface Clock {
  now(): Instant;
  /** Resolves at `instant` or as soon as `signal` aborts, whichever comes first; never rejects. */
  sleepUntil(instant: Instant, signal?: AbortSignal): Promise<void>;
  /**
   * Rings at `instant`, while other code runs; the returned function cancels the alarm. A rehearsal's clock has no alarm: its time
   * stands still while a process works, so no instant can pass there.
   */
  alarm?(instant: Instant, ring: () => void): () => void;
}

/** A signal that aborts at an instant, or with another signal; `release` cancels the alarm when the work is done. */
export interface Limit {
  readonly signal: AbortSignal;
  release(): void;
}

export const limitAt = (clock: Clock, instant: Instant, outer?: AbortSignal): Limit => {
  const controller = new AbortController();
  const end = (): void => controller.abort();
  if (outer?.aborted || clock.now() >= instant) end();
  outer?.addEventListener('abort', end, { once: true });
  const takeBack = controller.signal.aborted ? undefined : clock.alarm?.(instant, end);
  return {
    signal: controller.signal,
    release: () => {
      takeBack?.();
      outer?.removeEventListener('abort', end);
    },
  };
};

export const seconds = (n: number): number => n * 1000;
export const minutes = (n: number): number => n * 60_000;
export const hours = (n: number): number => n * 3_600_000;

/** `2026-01-05T09:30:00Z`: the one way an instant is written in logs, summaries and records. */
export const iso = (instant: Instant): string => new Date(instant).toISOString().replace(/\.\d{3}Z$/, 'Z');

/** Whether the calendar has this day: `Date.parse` reads the 31st of February as the third of March. */
export const isDay = (day: string): boolean => {
  const instant = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(instant) && iso(instant).startsWith(day);
};

/** `45s`, `10m`, `1h 30m`: the one way a duration is written for people. */
export const duration = (milliseconds: number): string => {
  const total = Math.round(milliseconds / 1000);
  const parts = [
    [Math.floor(total / 3600), 'h'],
    [Math.floor((total % 3600) / 60), 'm'],
    [total % 60, 's'],
  ] as const;
  const text = parts.filter(([n]) => n > 0).map(([n, unit]) => `${n}${unit}`);
  return text.length === 0 ? '0s' : text.join(' ');
};
