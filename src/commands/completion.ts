import { readArguments } from '../hosts/command-line/arguments.ts';
import { fieldsOf } from '../inputs/read-inputs.ts';
import { type Field, InputError } from '../schema.ts';
import { quoted } from '../secrets.ts';
import { type Command, wrongRequest } from './command.ts';
import { reportFailure } from './failure-report.ts';
import { type Commands, loaded } from './loaded.ts';

/** The shells whose completion is the same script: zsh runs it by `bashcompinit`. */
const shells = ['bash', 'zsh'];

/** @param commands all of them, this one included */
export const completionOf = (commands: Commands): Command => ({
  does: 'Prints the completion of commands, options and their values for a shell.',
  words: shells.join('|'),
  options: {},
  notes: [
    'The script knows the commands of this version alone: print it again after an update. An option that names a file, and everything that the script does not know, completes to file names. It completes `model-delivery`, and not `npx model-delivery`.',
  ],
  examples: [
    {
      line: 'completion bash',
      does: 'For bash: write it to ~/.local/share/bash-completion/completions/model-delivery.',
    },
    { line: 'completion zsh', does: 'For zsh: add it to ~/.zshrc. It loads `bashcompinit` first.' },
  ],
  exits: { 0: 'printed', 2: wrongRequest },
  run: async ([shell, ...more], host, terminal) => {
    try {
      if (shell === undefined || !shells.includes(shell))
        throw new InputError(
          `${shell === undefined ? 'a word is missing' : `${quoted(shell)} is not expected here`}; write completion bash or completion zsh`,
        );
      readArguments({}, more);
    } catch (error) {
      return reportFailure('completion', error, host());
    }
    terminal.out([...(shell === 'zsh' ? zshStart : []), completionScript(await loaded(commands))].join('\n'));
    return 0;
  },
});

const zshStart = ['autoload -U +X compinit && compinit', 'autoload -U +X bashcompinit && bashcompinit'];

/**
 * A function of bash for `complete -F` (bash manual, "Programmable Completion"): the words of the command line alone decide, so it starts
 * no process.
 */
export const completionScript = (commands: Readonly<Record<string, Command>>): string => {
  const names = Object.keys(commands);
  const each = Object.entries(commands);
  return [
    '_model_delivery() {',
    `  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} command=\${COMP_WORDS[1]} offered=`,
    // bash takes an equals sign for a word of its own.
    `  if [ "$word" = = ]; then word= before=\${COMP_WORDS[COMP_CWORD-1]}; fi`,
    `  if [ "$before" = = ]; then before=\${COMP_WORDS[COMP_CWORD-2]}; fi`,
    '  COMPREPLY=()',
    '  if [ "$COMP_CWORD" -eq 1 ]; then',
    `    offered='${[...names, 'help', '--help', '--version'].join(' ')}'`,
    '  else',
    '    case "$command $before" in',
    `    'help help') offered='${names.join(' ')}' ;;`,
    ...each.flatMap(([name, { options, words }]) => [
      ...(words === undefined ? [] : [`    '${name} ${name}') offered='${words.replaceAll('|', ' ')}' ;;`]),
      ...fieldsOf(options).flatMap(([option, field]) => valueCase(name, option, field)),
    ]),
    '    *)',
    '      case "$command" in',
    ...each.map(([name, { options }]) => `      ${name}) offered='${optionsOf(options).join(' ')}' ;;`),
    '      esac ;;',
    '    esac',
    '  fi',
    '  COMPREPLY=($(compgen -W "$offered" -- "$word"))',
    '}',
    'complete -o default -F _model_delivery model-delivery',
  ].join('\n');
};

/** After an option with a value: its choices, or nothing, so that the shell offers files. */
const valueCase = (command: string, option: string, { kind, choices }: Field<unknown>): readonly string[] =>
  kind === 'boolean' ? [] : [`    '${command} --${option}') offered='${choices?.join(' ') ?? ''}' ;;`];

const optionsOf = (options: Command['options']): readonly string[] => [
  ...fieldsOf(options).flatMap(([option, { kind }]) =>
    kind === 'boolean' ? [`--${option}`, `--no-${option}`] : [`--${option}`],
  ),
  '--help',
];
