/** A number of a report; or why there is none, as a clause without its subject. */
export type Found = number | string;

/**
 * The number at a path in the JSON of a report. An object stands for its member `value`, as SageMaker writes metrics; in a list of objects
 * a name finds the one with this `name`; `violations` of Model Monitor is their number. NaN and Infinity, which reports have as texts, are
 * no numbers.
 */
export const numberIn = (report: unknown, path: readonly string[]): Found => {
  let at = report;
  for (const [index, name] of path.entries()) {
    const next = memberOf(at, name);
    if (next === undefined) return absent(path, index, at);
    at = next;
  }
  if (Array.isArray(at) && path.length === 1 && path[0] === 'violations') return at.length;
  const leaf = isMapping(at) ? own(at, 'value') : at;
  if (typeof leaf === 'number' && Number.isFinite(leaf)) return leaf;
  return `is no number in the report${isMapping(at) ? ', and has no number as its `value`' : ''}`;
};

/** A decimal number that stands in metadata, where all is text. */
export const numberOfText = (text: string | undefined): Found => {
  if (text === undefined) return 'is not in the metadata of the package';
  const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text.trim()) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : 'is no number in the metadata';
};

const absent = (path: readonly string[], index: number, at: unknown): string => {
  const within = index === 0 ? 'the report' : path.slice(0, index).join('.');
  const names = isMapping(at) ? Object.keys(at) : Array.isArray(at) ? at.flatMap((one) => nameOf(one) ?? []) : [];
  const shown = names.slice(0, mostNames).join(', ');
  return `is not in the report: ${within} has ${names.length === 0 ? 'no names' : `${shown}${names.length > mostNames ? ', …' : ''}`}`;
};

const mostNames = 8;

const memberOf = (value: unknown, name: string): unknown => {
  if (Array.isArray(value)) {
    const named = value.filter((one) => nameOf(one) === name);
    // Of two with one name neither is meant.
    return named.length === 1 ? named[0] : undefined;
  }
  return isMapping(value) ? own(value, name) : undefined;
};

const nameOf = (value: unknown): string | undefined => {
  const name = isMapping(value) ? own(value, 'name') : undefined;
  return typeof name === 'string' ? name : undefined;
};

const isMapping = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Without what every object inherits: `constructor` is no metric. */
const own = (value: Readonly<Record<string, unknown>>, name: string): unknown =>
  Object.hasOwn(value, name) ? value[name] : undefined;
