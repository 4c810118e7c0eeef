import { fc } from './properties.ts';

/** The sample of `npm test`. `npm run test:fuzz` sets more runs. */
const sample = 150;

/**
 * The number of runs: `FUZZ_RUNS`.
 * @param share of the budget, for properties with expensive runs
 */
export const budget = (share = 1): fc.Parameters<unknown> => ({
  numRuns: Math.max(1, Math.ceil(Number(process.env['FUZZ_RUNS'] ?? sample) * share)),
});

/** Wrong values that people or broken scripts write into JSON or YAML. */
export const junk = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    '',
    ' ',
    0,
    -1,
    1e308,
    0.1,
    true,
    false,
    [],
    {},
    [[]],
    'null',
    '__proto__',
    'constructor',
  ),
  fc.constantFrom<unknown>(
    { length: 1 },
    { toString: 'x' },
    { v: 1 },
    '\u202e',
    'a\nb',
    '::error::x',
    '<html>',
    'x'.repeat(5000),
  ),
  fc.integer(),
  fc.double(),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.jsonValue({ maxDepth: 3 }),
);

type Step = { readonly at: number; readonly how: 'drop' | 'replace' | 'wrap' | 'rename' | 'add'; readonly by: unknown };
const step: fc.Arbitrary<Step> = fc.record({
  at: fc.nat(),
  how: fc.constantFrom('drop', 'replace', 'wrap', 'rename', 'add'),
  by: junk,
});

/** A value with some of its members dropped, replaced, renamed or added. */
export const mutated = (base: unknown, most = 4): fc.Arbitrary<unknown> =>
  fc.array(step, { maxLength: most }).map((steps) => {
    const root = { it: structuredClone(base) };
    for (const { at, how, by } of steps) {
      const places = placesIn(root);
      const place = places[at % places.length];
      // A copy each time: a constant inside itself would be an endless circle.
      if (place) change(place, how, structuredClone(by));
    }
    return root.it;
  });

interface Place {
  readonly holder: Record<string, unknown> | unknown[];
  readonly key: string;
}

const placesIn = (root: object): readonly Place[] => {
  const places: Place[] = [];
  const left: object[] = [root];
  for (let holder = left.pop(); holder !== undefined; holder = left.pop())
    for (const [key, value] of Object.entries(holder)) {
      places.push({ holder: holder as Place['holder'], key });
      if (typeof value === 'object' && value !== null && !(value instanceof Date)) left.push(value);
    }
  return places;
};

const change = ({ holder, key }: Place, how: Step['how'], by: unknown): void => {
  const members = holder as Record<string, unknown>;
  const value = members[key];
  switch (how) {
    case 'drop':
      delete members[key];
      return;
    case 'replace':
      members[key] = by;
      return;
    case 'wrap':
      members[key] = [value];
      return;
    case 'rename':
      delete members[key];
      members[`${key}x`] = value;
      return;
    case 'add':
      if (typeof value === 'object' && value !== null && !Array.isArray(value))
        (value as Record<string, unknown>)['more'] = by;
      else if (Array.isArray(value)) value.push(by);
  }
};

const splice = fc.record({
  at: fc.nat(),
  drop: fc.oneof({ weight: 4, arbitrary: fc.nat({ max: 3 }) }, fc.nat({ max: 200 })),
  put: fc.oneof(
    fc.constantFrom(
      '',
      ' ',
      '\n',
      '\t',
      ':',
      ': ',
      '- ',
      '[',
      ']',
      '{',
      '}',
      ',',
      '"',
      "'",
      '&a ',
      '*a',
      '!',
      '|',
      '>',
      '%',
      '#',
      '\0',
      '\r',
    ),
    fc.constantFrom(
      'null',
      '~',
      'yes',
      '0x10',
      '1e9',
      '.inf',
      '.nan',
      '2026-01-05',
      '<<: *a',
      '? ',
      '!!binary ',
      '\u2028',
      '\ufeff',
    ),
    fc.string({ unit: 'binary', maxLength: 8 }),
  ),
});

/** A text with parts removed and others inserted. */
export const mutatedText = (base: string, most = 5): fc.Arbitrary<string> =>
  fc.array(splice, { maxLength: most }).map((splices) =>
    splices.reduce((text, { at, drop, put }) => {
      const from = text.length === 0 ? 0 : at % text.length;
      return text.slice(0, from) + put + text.slice(from + drop);
    }, base),
  );
