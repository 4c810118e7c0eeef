import { fieldsOf, type Written } from '../../inputs/read-inputs.ts';
import { suggest } from '../../manifest/suggest.ts';
import { type Field, InputError, type Schema } from '../../schema.ts';
import { keyOf, quoted } from '../../secrets.ts';

/**
 * `--name value`, `--name=value`; a boolean also as `--name` and `--no-name`. An option that is given twice must have the same value
 * both times: with two environments the user's intention is unknown. A `repeatable` field has all its texts, one a line.
 * @throws {InputError} for an argument that is not declared, with the closest one
 */
export const readArguments = (schema: Schema<object>, args: readonly string[]): Written => {
  const fields = new Map(fieldsOf(schema));
  const values = new Map<string, string>();
  for (let at = 0; at < args.length; at++) {
    const argument = args[at] ?? '';
    const option = readOption(argument, fields);
    const next = option.inline ?? args[at + 1];
    if (option.inline === undefined && takesNext(option, next)) at++;
    keep(values, option, textOf(option, next));
  }
  return (name) => values.get(name);
};

interface Option {
  readonly name: string;
  readonly field: Field<unknown>;
  /** True for `--no-name`. */
  readonly negated: boolean;
  /** The text after the equals sign. */
  readonly inline: string | undefined;
}

const readOption = (argument: string, fields: ReadonlyMap<string, Field<unknown>>): Option => {
  const [, written, inline] = /^--([^=]+)(?:=([\s\S]*))?$/.exec(argument) ?? [];
  if (written === undefined) {
    if (/^-./.test(argument) && argument !== '--')
      throw new InputError(`${keyOf(argument)} is not an option${suggestion(argument.slice(1), fields)}`);
    throw new InputError(`${quoted(argument)} is not expected here; options are written --name value`);
  }
  // `--help` alone is handled before.
  if (written === 'help') throw new InputError('--help takes no value; write it alone');
  const plain = fields.get(written);
  if (plain) return { name: written, field: plain, negated: false, inline };
  const name = written.replace(/^no-/, '');
  const field = fields.get(name);
  if (name === written || field?.kind !== 'boolean')
    throw new InputError(`${keyOf(`--${written}`)} is not an option${suggestion(name, fields)}`);
  if (inline !== undefined) throw new InputError(`--${written} takes no value; --${name} does`);
  return { name, field, negated: true, inline };
};

/** The boolean texts of YAML 1.2 core, as in an action's inputs. Any other word after a boolean option is a mistake. */
const isBoolean = (text: string | undefined): boolean => /^(true|false|True|False|TRUE|FALSE)$/.test(text ?? '');

const takesNext = ({ field, negated }: Option, next: string | undefined): boolean =>
  field.kind === 'boolean' ? !negated && isBoolean(next) : true;

const textOf = ({ name, field, negated, inline }: Option, next: string | undefined): string => {
  if (field.kind === 'boolean') {
    if (negated) return 'false';
    if (inline !== undefined || isBoolean(next)) return next ?? '';
    // `--retry yes`: the word is not an option, so it belongs to this one.
    if (next !== undefined && !next.startsWith('-')) field.parse(next, name);
    return 'true';
  }
  // `--subject --json` leaves the value out; `--subject=--json` does not.
  if (next === undefined || (inline === undefined && next.startsWith('--')))
    throw new InputError(`--${name} needs a value`);
  return next;
};

const keep = (values: Map<string, string>, { name, field }: Option, value: string): void => {
  const before = values.get(name);
  if (before === undefined) values.set(name, value);
  else if (field.repeatable) values.set(name, `${before}\n${value}`);
  else if (before !== value)
    throw new InputError(`--${name} is given twice, as ${quoted(before)} and as ${quoted(value)}`);
};

const suggestion = (name: string, fields: ReadonlyMap<string, Field<unknown>>): string => {
  const closest = suggest(name, ['help', ...fields.keys()]);
  return closest ? `; did you mean --${closest}?` : '; see --help';
};
