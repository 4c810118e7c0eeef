import { commands } from '../src/commands/all.ts';
import type { Command } from '../src/commands/command.ts';
import { optionOf } from '../src/commands/help.ts';
import { loaded } from '../src/commands/loaded.ts';
import { fieldsOf } from '../src/inputs/read-inputs.ts';

const cell = (text: string): string => text.replace(/\|/g, '\\|').replace(/\s*\n\s*/g, ' ');

/** The output of `<command> --help` as Markdown: one section for each command. */
export const commandSections = async (): Promise<string> =>
  Object.entries(await loaded(commands))
    .map(([name, command]) => section(name, command))
    .join('\n\n');

const section = (name: string, { does, words, program, options, notes = [], examples, exits }: Command): string =>
  [
    `### \`${name}${words === undefined ? '' : ` ${words}`}${program === undefined ? '' : ` … [-- ${program}]`}\``,
    '',
    does,
    ...notes.flatMap((note) => ['', note]),
    '',
    '```sh',
    ...examples.flatMap(({ line, does: about }) => [`# ${about}`, `model-delivery ${line}`]),
    '```',
    '',
    '| option | default | |',
    '| --- | --- | --- |',
    ...fieldsOf(options).map(
      ([option, field]) =>
        `| \`${cell(optionOf(option, field))}\` | ${field.required ? '**required**' : field.default === undefined ? '' : `\`${cell(field.default)}\``} | ${cell(field.description)} |`,
    ),
    '',
    '| exit code | |',
    '| --- | --- |',
    ...Object.entries(exits).map(([code, meaning]) => `| ${code} | ${cell(meaning)} |`),
  ].join('\n');
