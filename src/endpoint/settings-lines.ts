import { canonical } from '../digest.ts';
import { mayBeSecret, redacted } from '../secrets.ts';
import { eachSetting, isMembers, isWithin, type Settings, settingAt } from './settings.ts';

/** One value that two configurations do not share, or that the later one keeps. */
export interface Difference {
  /** `config.KmsKeyId`; a value within a setting has its own path. */
  readonly path: string;
  readonly from?: unknown;
  readonly to?: unknown;
  /** The later model comes from a model package, which may have a value of its own. */
  readonly packaged?: true;
}

/** The values in which two configurations differ, one by one, in the order of their parts. */
export const differences = (before: Settings, after: Settings): readonly Difference[] => {
  const [from, to] = [leaves(before), leaves(after)];
  const packaged = after.container['ModelPackageName'] === undefined ? {} : ({ packaged: true } as const);
  return [...new Set([...from.keys(), ...to.keys()])]
    .filter((path) => canonical({ it: plain(path, from.get(path)) }) !== canonical({ it: plain(path, to.get(path)) }))
    .map((path) => ({ path, from: from.get(path), to: to.get(path), ...packaged }));
};

/** Every single value, by path: a list of plain values is one. */
const leaves = (settings: Settings): ReadonlyMap<string, unknown> => {
  const found = new Map<string, unknown>();
  const walk = (path: string, value: unknown): void => {
    if (isMembers(value) && Object.keys(value).length > 0)
      for (const [name, member] of Object.entries(value)) walk(`${path}.${name}`, member);
    else if (Array.isArray(value) && value.some(isMembers) && !path.endsWith('.CaptureOptions'))
      value.forEach((item, index) => {
        walk(`${path}.${index + 1}`, item);
      });
    else found.set(path, value);
  };
  for (const [path, value] of eachSetting(settings)) walk(path, value);
  return found;
};

/** `storage volume: 40 GB → 80 GB`. */
export const differenceLine = (difference: Difference): string => {
  const { path, from, to } = difference;
  const [old, now] = [from, to].map((value) => (value === undefined ? undefined : shown(path, value)));
  if (old === concealed && now === concealed) return `${nameOf(path)}: ${concealed} → ${concealed} (another value)`;
  // Two ARNs may differ in their accounts alone.
  const values = old === now ? [from, to].map(String) : [old ?? 'not set', now ?? absence(difference)];
  return `${nameOf(path)}: ${values.join(' → ')}`;
};

const absence = ({ path, packaged }: Difference): string => {
  if (!isWithin(path, 'container')) return "removed (AWS's default)";
  return packaged ? 'removed (the model package may have its own)' : 'removed';
};

/** The single values of these settings. */
export const valuesOf = (settings: Settings, paths: readonly string[]): readonly Difference[] =>
  [...leaves(settings)]
    .filter(([path]) => paths.some((kept) => isWithin(path, kept)))
    .map(([path, value]) => ({ path, from: value, to: value }));

/** `routing strategy: LEAST_OUTSTANDING_REQUESTS`. */
export const valueLine = ({ path, to }: Difference): string => `${nameOf(path)}: ${shown(path, to)}`;

/** `kept: routing strategy: LEAST_OUTSTANDING_REQUESTS`. */
export const keptLine = (value: Difference): string => `kept: ${valueLine(value)}`;

/** `environment MODE`: the setting's name, and the members on the way to the value. */
export const nameOf = (path: string): string => {
  const { name, path: own } = settingAt(path);
  return path === own ? name : `${name} ${path.slice(own.length + 1)}`;
};

/** AWS has two forms for both sides of data capture, and their order means nothing. */
const plain = (path: string, value: unknown): unknown =>
  path.endsWith('.CaptureOptions') && Array.isArray(value) ? capturedSides(value) : value;

/** `Input` and `Output`, as far as the options of data capture have them. */
export const capturedSides = (options: readonly { readonly CaptureMode?: unknown }[]): readonly string[] =>
  options.flatMap(({ CaptureMode: mode }) => (mode === 'InputAndOutput' ? ['Input', 'Output'] : [String(mode)])).sort();

const shown = (path: string, given: unknown): string => {
  const value = plain(path, given);
  const { unit } = settingAt(path);
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (Array.isArray(value)) return value.map(text).join(', ') || 'none';
  const plainText = typeof value === 'string' ? text(value) : (JSON.stringify(value) ?? 'not set');
  if (hides(path, plainText)) return concealed;
  return unit === undefined ? plainText : `${plainText} ${unit}`;
};

/** In the place of a value that may be a secret. */
const concealed = '***';

/** A role or a key by its name: an ARN has the account's id. */
const text = (value: unknown): string => String(value).replace(/^arn:[^:]*:[^:]*:[^:]*:[^:]*:/, '');

/** Values of variables are chosen by users, and any of them may be a secret (rule 16). A count or a switch is none. */
const hides = (path: string, value: string): boolean => {
  if (isWithin(path, 'container.Environment')) return !isPlain(value);
  const assigned = `${path.split('.').at(-1)}=${value}`;
  return mayBeSecret(value) || redacted(assigned) !== assigned;
};

const isPlain = (value: string): boolean => /^(\d{1,9}|true|false)$/i.test(value);

/** Names of variables that hold secrets, word by word: `SIGNING_KEY`, `dbPwd`. */
const secretWord =
  /^(key|secret|token|pass|password|passphrase|passwd|pwd|pin|credential|auth|signature|salt|private|dsn|cert)s?\d*$/i;
const wordsIn = (name: string): readonly string[] => name.split(/[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])/);

/** Whether a container's variable looks like a secret: such a value belongs into no manifest. */
export const isSecretVariable = (name: string, value: string): boolean => {
  const assigned = `${name}=${value}`;
  if (mayBeSecret(value) || redacted(assigned) !== assigned) return true;
  return !isPlain(value) && wordsIn(name).some((word) => secretWord.test(word));
};
