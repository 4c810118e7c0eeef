import type { CommandLine } from '../hosts/command-line/command-line.ts';
import type { Terminal } from '../hosts/terminal.ts';
import { either, suggest } from '../manifest/suggest.ts';
import { keyOf, quoted } from '../secrets.ts';
import { version } from '../version.ts';
import { helpOf, usage } from './help.ts';
import { type Commands, loaded } from './loaded.ts';

/**
 * `model-delivery <command> …`, `<command> --help`, `help <command>`, `--version`.
 * @returns the exit code
 */
export const runCommandLine = async (
  args: readonly string[],
  commands: Commands,
  host: () => CommandLine,
  terminal: Terminal,
): Promise<number> => {
  const [first, ...rest] = args;
  if (first === undefined) {
    terminal.err(usage(await loaded(commands)));
    return 2;
  }
  if (first === '--version' || first === '-v') {
    terminal.out(version);
    return 0;
  }
  const helps = isHelp(first) || first === 'help';
  const name = helps ? rest.find((word) => !word.startsWith('-')) : first;
  if (name === undefined) {
    terminal.out(usage(await loaded(commands)));
    return 0;
  }
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (load === undefined) {
    terminal.err(unknown(name, rest, commands));
    return 2;
  }
  const command = await load();
  // Words behind `--` belong to another program.
  if (helps || rest.slice(0, rest.indexOf('--') < 0 ? rest.length : rest.indexOf('--')).some(isHelp)) {
    terminal.out(helpOf(name, command));
    return 0;
  }
  return command.run(rest, host, terminal);
};

const isHelp = (word: string): boolean => word === '--help' || word === '-h';

const unknown = (name: string, rest: readonly string[], commands: Commands): string => {
  const names = Object.keys(commands);
  const later = rest.find((word) => names.includes(word));
  if (name.startsWith('-') && later !== undefined)
    return `${keyOf(name)} is not a command; the command comes first: model-delivery ${later} ${keyOf(name)} …`;
  const closest = suggest(name, names);
  return closest
    ? `${quoted(name)} is not a command; did you mean ${closest}?`
    : `${quoted(name)} is not a command; expected ${either(names)}`;
};
