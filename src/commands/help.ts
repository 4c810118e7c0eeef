import { fieldsOf } from '../inputs/read-inputs.ts';
import type { Field } from '../schema.ts';
import { version } from '../version.ts';
import type { Command } from './command.ts';

/** The list of commands. */
export const usage = (commands: Readonly<Record<string, Command>>): string =>
  [
    `model-delivery ${version}`,
    '',
    'model-delivery <command> [--option value …]',
    '',
    ...Object.entries(commands).map(([name, { does }]) => `  ${name.padEnd(16)} ${does}`),
    '',
    'model-delivery <command> --help prints options, examples and exit codes of a command.',
    'model-delivery --version prints the version.',
  ].join('\n');

/** The help of one command. */
export const helpOf = (name: string, { does, words, program, options, notes = [], examples, exits }: Command): string =>
  [
    `model-delivery ${[name, words, '[--option value …]', program && `[-- ${program}]`].filter((part) => part !== undefined).join(' ')}`,
    '',
    does,
    ...notes.flatMap((note) => ['', note]),
    '',
    'Options',
    ...fieldsOf(options).flatMap(([option, field]) => [`  ${optionOf(option, field)}`, `      ${aboutField(field)}`]),
    '  --help',
    '      Print this.',
    '',
    'Examples',
    ...examples.flatMap(({ line, does: about }) => [`  model-delivery ${line}`, `      ${about}`]),
    '',
    'Exit codes',
    ...Object.entries(exits).map(([code, meaning]) => `  ${code}  ${meaning}`),
  ].join('\n');

/** Forms: `--environment <text>`, `--[no-]wait`. */
export const optionOf = (name: string, { kind, choices }: Field<unknown>): string =>
  kind === 'boolean' ? `--[no-]${name}` : `--${name} ${choices?.join('|') ?? `<${kind}>`}`;

const aboutField = (field: Field<unknown>): string => {
  const facts = factsOf(field);
  return `${field.description}${facts.length > 0 ? ` (${facts.join('; ')})` : ''}`;
};

const factsOf = ({ required, default: given, example, repeatable }: Field<unknown>): readonly string[] => [
  ...(required ? ['required'] : []),
  ...(given === undefined ? [] : [`default: ${given}`]),
  ...(repeatable ? ['may be repeated'] : []),
  ...(example === undefined ? [] : [`e.g. ${example}`]),
];
