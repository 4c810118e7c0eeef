/** Errors that AWS answered have it too. */
export interface Timed {
  readonly durationMs: number;
}

/** The simulator's answers come at once, and name their virtual milliseconds. */
export const durationHeader = 'x-simulator-duration-ms';
