import { parseArgs } from 'node:util';
import { suggest } from '../manifest/suggest.ts';
import { InputError, type Schema } from '../schema.ts';
import { keyOf, quoted } from '../secrets.ts';
import { fieldsOf, type Written } from './read-inputs.ts';

/** What the command line takes for every operation, besides the operation's own inputs. */
export interface Arguments {
  readonly written: Written;
  readonly help: boolean;
}

/**
 * `--name value`, `--name=value`; a boolean also as `--name` and `--no-name`.
 * @throws {InputError} for an argument that is not declared, with the closest one
 */
export const readArguments = (schema: Schema<object>, args: readonly string[]): Arguments => {
  const fields = fieldsOf(schema);
  const isBoolean = new Set(fields.filter(([, field]) => field.kind === 'boolean').map(([name]) => name));
  const options = Object.fromEntries([
    ...fields.map(([name, { kind }]) => [name, { type: kind === 'boolean' ? 'boolean' : 'string' }] as const),
    ['help', { type: 'boolean' }] as const,
  ]);
  const { values, tokens, positionals } = parseArgs({
    args: args.map((argument) => withoutBooleanValue(argument, isBoolean)),
    options,
    allowNegative: true,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const name = token.name in options ? token.name : token.name.replace(/^no-/, '');
    if (!(name in options))
      throw new InputError(`${keyOf(token.rawName)} is not an option${suggestion(name, Object.keys(options))}`);
    if (options[name]?.type === 'string' && isMissing(token)) throw new InputError(`--${name} needs a value`);
    if (options[name]?.type === 'boolean' && token.value !== undefined)
      throw new InputError(`${name}: ${quoted(token.value)} is not a boolean; expected true or false`);
  }
  if (positionals.length > 0)
    throw new InputError(`${quoted(positionals[0])} is not expected here; options are written --name value`);
  return {
    written: (name) => (values[name] === undefined ? undefined : String(values[name])),
    help: values['help'] === true,
  };
};

/** `--subject --json` leaves the value out; `--subject=--json` does not. */
const isMissing = (token: {
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}): boolean => token.value === undefined || (token.inlineValue !== true && token.value.startsWith('--'));

/** `wait: false` in a workflow is `--wait=false` to whoever reads the same table here. */
const withoutBooleanValue = (argument: string, isBoolean: ReadonlySet<string>): string => {
  const match = /^--([a-z-]+)=(true|false)$/i.exec(argument);
  const name = match?.[1];
  if (name === undefined || !isBoolean.has(name)) return argument;
  return match?.[2]?.toLowerCase() === 'true' ? `--${name}` : `--no-${name}`;
};

/** The help of one command, from its declarations. */
export const helpOf = (command: string, description: string, schema: Schema<object>): string => {
  const rows = fieldsOf(schema).map(([name, field]) => {
    const value = field.kind === 'boolean' ? '' : ` ${field.choices?.join('|') ?? `<${field.kind}>`}`;
    const facts = [
      field.required ? 'required' : undefined,
      field.default === undefined ? undefined : `default: ${field.default}`,
      field.example === undefined ? undefined : `e.g. ${field.example}`,
    ].filter((fact) => fact !== undefined);
    return `  --${name}${value}\n      ${field.description}${facts.length > 0 ? ` (${facts.join('; ')})` : ''}`;
  });
  return [`model-delivery ${command}`, '', `  ${description}`, '', ...rows, ''].join('\n');
};

const suggestion = (name: string, known: readonly string[]): string => {
  const closest = suggest(name, known);
  return closest ? `; did you mean --${closest}?` : '; see --help';
};
