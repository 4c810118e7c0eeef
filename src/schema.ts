import { quoted } from './secrets.ts';

/**
 * Declarations. One `Schema` per operation is the only source of `action.yml`, the README tables, the command line's flags and
 * help, and the CodePipeline action type. Types are inferred from it, never written beside it.
 */
export interface Field<Value> {
  /** One sentence for `action.yml`, README and `--help`; Markdown allowed. */
  readonly description: string;
  /** `file`: the host reads the file that the input names and passes its text to `parse`. */
  readonly kind: 'text' | 'boolean' | 'choice' | 'duration' | 'integer' | 'file';
  readonly required: boolean;
  /** For a `file`: a larger one is refused unread. */
  readonly mostBytes?: number;
  /** As the user would write it. Without one an input that is not required parses to `undefined`. */
  readonly default?: string;
  readonly choices?: readonly string[];
  /** An empty text would turn the request into another one: it is refused where the host can tell it from a missing input. */
  readonly refusesEmpty?: string;
  readonly example?: string;
  /** The command line accepts it more than once and passes all texts to `parse`, one a line. */
  readonly repeatable?: true;
  /** Saves the time of a runner. An action of CodePipeline waits without one, and does not have the input. */
  readonly ofRunner?: true;
  /**
   * @param text the user's text, or the file's content for `kind: 'file'`
   * @param source the file's path for `kind: 'file'`, else the input's name
   * @throws {InputError} naming the problem, the value, and the allowed values
   */
  parse(text: string, source: string): Value;
  /** Gives the part of the user's text that a log or a summary may repeat (DESIGN §7 rule 16); without it, all of the text. */
  shown?(text: string): string;
}

export type Schema<Values> = { readonly [Name in keyof Values]: Field<Values[Name]> };
export type ValuesOf<S> = { readonly [Name in keyof S]: S[Name] extends Field<infer Value> ? Value : never };

/** Outputs are always text on the wire (GitHub, CodePipeline); they carry names and versions, never ARNs. */
export interface OutputField {
  readonly description: string;
  readonly example?: string;
}
export type OutputSchema<Outputs> = { readonly [Name in keyof Outputs]-?: OutputField };

/** The user's value cannot be used. One sentence names the input, the value, and the allowed values. Nothing was written. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

type Options<Value> = Pick<Field<Value>, 'description'> & Partial<Pick<Field<Value>, 'example'>>;

export const text = (
  options: Options<string> & { pattern?: RegExp; allowed?: string; default?: string },
): Field<string> => ({
  kind: 'text',
  required: options.default === undefined,
  ...options,
  parse: (value, source) => {
    if (options.pattern && !options.pattern.test(value))
      throw new InputError(
        `${source}: ${quoted(value)} is not allowed; expected ${options.allowed ?? String(options.pattern)}`,
      );
    return value;
  },
});

/** YAML 1.2 core booleans only: `true` or `false` in any case, as the toolkit's `getBooleanInput` does. */
export const flag = (options: Options<boolean> & { default: boolean }): Field<boolean> => ({
  kind: 'boolean',
  required: false,
  ...options,
  default: String(options.default),
  parse: (value, source) => {
    if (/^(true|True|TRUE)$/.test(value)) return true;
    if (/^(false|False|FALSE)$/.test(value)) return false;
    throw new InputError(`${source}: ${quoted(value)} is not a boolean; expected true or false`);
  },
});

export const choice = <const Choice extends string>(
  options: Options<Choice> & { choices: readonly Choice[]; default?: NoInfer<Choice> },
): Field<Choice> => ({
  kind: 'choice',
  required: options.default === undefined,
  ...options,
  parse: (value, source) => {
    const found = options.choices.find((candidate) => candidate === value);
    if (found === undefined)
      throw new InputError(
        `${source}: ${quoted(value)} is not a choice; expected one of ${options.choices.join(', ')}`,
      );
    return found;
  },
});

/** `30s`, `10m`, `2h`; parses to seconds. */
export const durationField = (options: Options<number> & { default?: string }): Field<number> => ({
  kind: 'duration',
  required: options.default === undefined,
  ...options,
  parse: (value, source) => {
    const found = parseDuration(value);
    if (found === undefined)
      throw new InputError(`${source}: ${quoted(value)} is not a duration; expected e.g. 30s, 10m or 2h`);
    return found;
  },
});

export const file = <Value>(
  options: Options<Value> & { default?: string; mostBytes?: number; parse: Field<Value>['parse'] },
): Field<Value> => ({ kind: 'file', required: options.default === undefined, ...options });

/** The same field, not required: an input the user leaves out parses to `undefined`. */
export const optional = <Value>(field: Field<Value>): Field<Value | undefined> => ({ ...field, required: false });

/** Seconds, or undefined when `value` is not a duration. */
export const parseDuration = (value: string): number | undefined => {
  const match = /^(\d+)(s|m|h)$/.exec(value);
  if (!match) return undefined;
  const scale = { s: 1, m: 60, h: 3600 }[match[2] as 's' | 'm' | 'h'];
  return Number(match[1]) * scale;
};
