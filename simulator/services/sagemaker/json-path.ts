/**
 * The JSONPath of batch transform's filters (AWS: "Associate Prediction Results with Input Records", Supported JSONPath Operators): names,
 * lists of names, indexes, slices and wildcards after a `$`.
 */
export type JsonPath = readonly Step[];
type Step =
  | { readonly is: 'names'; readonly names: readonly string[] }
  | { readonly is: 'items'; readonly items: readonly Item[] }
  | { readonly is: 'all' };
type Item = number | { readonly from: number | undefined; readonly to: number | undefined };

/** The value has no such part. */
export class NoSuchPart extends Error {}

const name = /^(?:\.([A-Za-z_][\w-]*)|\.?\[\s*('[^']*'(?:\s*,\s*'[^']*')*)\s*\])/;
const all = /^(?:\.\*|\[\*\])/;
const items = /^\[\s*((?:-?\d+|-?\d*:-?\d*)(?:\s*,\s*(?:-?\d+|-?\d*:-?\d*))*)\s*\]/;

const itemOf = (text: string): Item => {
  if (!text.includes(':')) return Number(text);
  const [from = '', to = ''] = text.split(':').map((bound) => bound.trim());
  return { from: from === '' ? undefined : Number(from), to: to === '' ? undefined : Number(to) };
};

const stepOf = (rest: string): readonly [Step, string] | undefined => {
  const named = name.exec(rest);
  if (named) {
    const [whole, plain, quoted = ''] = named;
    const names = plain === undefined ? [...quoted.matchAll(/'([^']*)'/g)].map(([, one = '']) => one) : [plain];
    return [{ is: 'names', names }, rest.slice(whole.length)];
  }
  const every = all.exec(rest);
  if (every) return [{ is: 'all' }, rest.slice(every[0].length)];
  const indexed = items.exec(rest);
  if (indexed === null) return undefined;
  const [whole, list = ''] = indexed;
  return [{ is: 'items', items: list.split(',').map((one) => itemOf(one.trim())) }, rest.slice(whole.length)];
};

/** Undefined: no path of this subset. */
export const parsePath = (text: string): JsonPath | undefined => {
  if (!text.startsWith('$')) return undefined;
  const steps: Step[] = [];
  for (let rest = text.slice(1); rest !== ''; ) {
    const found = stepOf(rest);
    if (found === undefined) return undefined;
    steps.push(found[0]);
    rest = found[1];
  }
  return steps;
};

/** Whether the path can be used on a CSV row, which is an array. */
export const isForRows = (path: JsonPath): boolean => path.every(({ is }) => is !== 'names');

const part = (value: unknown, key: string | number): unknown => {
  const isThere =
    typeof value === 'object' && value !== null && Array.isArray(value) === (typeof key === 'number')
      ? Object.hasOwn(value, key)
      : false;
  if (!isThere) throw new NoSuchPart(`there is no ${JSON.stringify(key)}`);
  return Reflect.get(value as object, key);
};

const pick = (array: readonly unknown[], item: Item, lastIncluded: boolean): readonly unknown[] => {
  const place = (index: number): number => (index < 0 ? array.length + index : index);
  if (typeof item === 'number') return [part(array, place(item))];
  const { from = 0, to } = item;
  if (to === undefined) return array.slice(place(from));
  return array.slice(place(from), place(to) + (lastIncluded ? 1 : 0));
};

const apply = (step: Step, value: unknown, lastIncluded: boolean): unknown => {
  if (step.is === 'names') {
    const [first = '', ...others] = step.names;
    return others.length === 0
      ? part(value, first)
      : Object.fromEntries(step.names.map((one) => [one, part(value, one)]));
  }
  if (step.is === 'all') {
    if (typeof value !== 'object' || value === null) throw new NoSuchPart('there is nothing below');
    return Object.values(value);
  }
  if (!Array.isArray(value)) throw new NoSuchPart('there is no array');
  const [first = 0, ...others] = step.items;
  return typeof first === 'number' && others.length === 0
    ? pick(value, first, lastIncluded)[0]
    : step.items.flatMap((item) => pick(value, item, lastIncluded));
};

/**
 * One name or index gives its value, several names an object, several indexes an array.
 * @param lastIncluded whether `[1:3]` has index 3
 * @throws {NoSuchPart}
 */
export const select = (path: JsonPath, value: unknown, lastIncluded: boolean): unknown =>
  path.reduce<unknown>((at, step) => apply(step, at, lastIncluded), value);
