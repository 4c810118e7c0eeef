/**
 * The commands that GitHub's runner finds in the output of a step, from its behaviour (actions/runner: ProcessInvoker reads lines like
 * .NET's StreamReader; OutputManager passes each to ActionCommandManager, which tries ActionCommand.TryParseV2, then TryParse). Here
 * every name counts as registered, and the characters that .NET's comparison by culture ignores are removed first: this finds more
 * commands than the runner.
 */
export interface RunnerCommand {
  readonly name: string;
  readonly data: string;
}

export const commandsIn = (output: string): readonly RunnerCommand[] =>
  output.split(/\r\n|\r|\n/).flatMap((line) => commandOf(line.replace(ignored, '')) ?? []);

const ignored = /[^\P{Cc}\t\v\f\u0085]|[\p{Cf}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]/gu;

const commandOf = (line: string): RunnerCommand | undefined => {
  const [, info, data = ''] = /^[\s\u0085]*::(.*?)::(.*)$/s.exec(line) ?? [];
  if (info !== undefined && info !== '') return { name: info.split(' ')[0] ?? '', data };
  const old = /##\[(.*?)\](.*)$/s.exec(line);
  return old ? { name: old[1]?.split(' ')[0] ?? '', data: old[2] ?? '' } : undefined;
};
