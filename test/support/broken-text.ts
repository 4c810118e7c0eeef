import { fc } from './properties.ts';

/** Possible contents in the place of a record or a journal: the real text with one changed member, or a different text. */
const anything = fc.oneof(
  fc.constantFrom(1e300, -1, -1e300, 0.5, Number.MAX_SAFE_INTEGER, null, true, '', 'x'.repeat(5000), [], {}, [[]]),
  fc.jsonValue({ maxDepth: 4 }),
);

const pathsOf = (value: unknown, path: readonly string[] = []): readonly (readonly string[])[] =>
  value !== null && typeof value === 'object'
    ? [path, ...Object.entries(value).flatMap(([key, member]) => pathsOf(member, [...path, key]))]
    : [path];

const changed = (value: unknown, [key, ...rest]: readonly string[], to: unknown): unknown => {
  if (key === undefined) return to;
  if (Array.isArray(value)) return value.map((item, index) => (String(index) === key ? changed(item, rest, to) : item));
  const members = value as Readonly<Record<string, unknown>>;
  return { ...members, [key]: changed(members[key], rest, to) };
};

export const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** The value with one member changed or removed. */
export const mutated = (original: unknown) =>
  fc
    .tuple(fc.constantFrom(...pathsOf(original)), fc.option(anything, { nil: undefined }))
    .map(([path, to]) => JSON.stringify(changed(original, path, to)) ?? '');

const at = (value: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((inner, key) => (inner as Readonly<Record<string, unknown>>)[key], value);

const without = (value: unknown, [key = '', ...rest]: readonly string[]): unknown => {
  if (Array.isArray(value))
    return value.flatMap((item, index) =>
      String(index) === key ? (rest.length === 0 ? [] : [without(item, rest)]) : [item],
    );
  const { [key]: member, ...others } = value as Readonly<Record<string, unknown>>;
  return rest.length === 0 ? others : { ...others, [key]: without(member, rest) };
};

/** The value with another member of the same type in a member's place, or without the member: a check of types accepts it. */
export const rearranged = (original: unknown) => {
  const paths = pathsOf(original).filter((path) => path.length > 0);
  const kind = (path: readonly string[]): string => {
    const value = at(original, path);
    return Array.isArray(value) ? 'array' : typeof value;
  };
  return fc
    .constantFrom(...paths)
    .chain((path) =>
      fc
        .option(fc.constantFrom(...paths.filter((other) => kind(other) === kind(path))), { nil: undefined, freq: 4 })
        .map((from) =>
          JSON.stringify(from === undefined ? without(original, path) : changed(original, path, at(original, from))),
        ),
    );
};

/** The JSON text of a value with one defect. */
export const broken = (original: unknown) => {
  const text = JSON.stringify(original);
  return fc.oneof(
    { weight: 12, arbitrary: mutated(original) },
    { weight: 12, arbitrary: rearranged(original) },
    { weight: 1, arbitrary: fc.nat(text.length).map((length) => text.slice(0, length)) },
    { weight: 1, arbitrary: fc.constant(`\uFEFF${text}`) },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom('1e999', '"e":1e999')
        .map((part) => text.replace(/"epoch":\d+/, `"epoch":${part.includes(':') ? '1e999' : part}`)),
    },
    { weight: 1, arbitrary: fc.string() },
    { weight: 1, arbitrary: fc.json() },
    {
      weight: 1,
      arbitrary: fc.nat(200_000).map((depth) => `${text.slice(0, -1)},"x":${'['.repeat(depth)}${']'.repeat(depth)}}`),
    },
    { weight: 1, arbitrary: fc.constant(text.replace('{', '{"__proto__":{"live":{}},')) },
  );
};
