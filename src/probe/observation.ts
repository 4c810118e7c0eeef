/** A length of time between two looks, in milliseconds: it was not over at the first, and was at the second. */
export interface Span {
  readonly from: number;
  readonly to: number;
}
export type Reading = string | number | boolean | Span;
/** Name of a setting of the simulator → its value as AWS showed it. A setting that the observation does not decide is absent. */
export type Readings = Readonly<Record<string, Reading | undefined>>;

/** AWS did not show what the question asks; the recording has the requests all the same. */
export class Undecided extends Error {
  override readonly name = 'Undecided';
}

export const isSpan = (reading: Reading | undefined): reading is Span => typeof reading === 'object';
