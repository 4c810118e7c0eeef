/** Two hours of the baseline alone, one line for each minute, in the form of a file of recorded metrics. */
export const dayOfBaseline: readonly object[] = Array.from({ length: 120 }, (_, minute) => ({
  t: 60 * (minute - 120),
  arm: 'baseline',
  n: 3000,
  err: minute % 2 === 0 ? 3 : 4,
}));

/** The lines of one minute in which the candidate has a tenth of the traffic. */
export const bothArms = (t: number, errors: number, more: object = {}): readonly object[] => [
  { t, arm: 'candidate', n: 300, err: errors, ...more },
  { t, arm: 'baseline', n: 2700, err: 3, ...more },
];

export const jsonLines = (...values: readonly object[]): string =>
  values.map((value) => `${JSON.stringify(value)}\n`).join('');
