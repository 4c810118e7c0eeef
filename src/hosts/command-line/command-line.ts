import type { Env } from '../../env.ts';
import { commandPublishInput, commonInputs, reportFileInputs } from '../../inputs/common-inputs.ts';
import { readInputs, type Written } from '../../inputs/read-inputs.ts';
import type { Memory, Operation } from '../../operation.ts';
import { jsonText } from '../../plain-text.ts';
import { reason } from '../../reason-codes.ts';
import { planAsText } from '../../report/plan.ts';
import { printedLine, type Report, resultAsText, timelineLine } from '../../report/result.ts';
import { resultJson } from '../../report/result-json.ts';
import { flag, InputError, optional, type Schema, text } from '../../schema.ts';
import { keepSecretsOf, redacted } from '../../secrets.ts';
import { repositoryOf } from '../../session/repository.ts';
import { withoutUndefined } from '../../without-undefined.ts';
import { exitCodeOf } from '../exit-code.ts';
import { gitCommits } from '../git-commits.ts';
import { launch } from '../launch.ts';
import { type Observer, type Seams, startRun } from '../operation-run.ts';
import { publisherFor } from '../publisher.ts';
import { faultOf, writeReportFiles } from '../report-files.ts';
import { isPublic, runFrom } from '../run.ts';
import type { Cancellation } from '../signals.ts';
import type { Terminal } from '../terminal.ts';
import { readArguments } from './arguments.ts';

export interface CommandLine {
  readonly env: Env;
  readonly terminal: Terminal;
  readonly cancellation: Cancellation;
  readonly seams?: Seams;
}

export type ExitCode = 0 | 1 | 2 | 3;

const reportInputs = {
  json: flag({
    description: 'Print the result as JSON on standard output; everything else goes to standard error.',
    default: false,
  }),
  ...reportFileInputs,
  ...commandPublishInput,
  'exported-variables': optional(
    text({
      description:
        'Write the outputs to this file as `NAME=value` lines for a shell to read. When it cannot be written the command ends with 1.',
      example: 'outputs.env',
    }),
  ),
};

/** Inputs that a command sets itself: `plan` is `deploy-endpoint` with `dry-run: true`. */
export type Preset = Readonly<Record<string, string>>;

interface Declared {
  readonly inputs: Schema<object>;
  readonly files?: Schema<object>;
}

/** The options of a command that runs this operation, without the inputs that the command sets itself. */
export const optionsOf = (operation: Declared, preset: Preset = {}): Schema<object> =>
  Object.fromEntries(Object.entries(allOptionsOf(operation)).filter(([name]) => !(name in preset)));

const allOptionsOf = ({ inputs, files }: Declared): Schema<object> => ({
  ...inputs,
  ...commonInputs,
  ...reportInputs,
  ...files,
});

/** Runs one operation to its end. Never rejects. */
export const runCommand = async <Inputs, M extends Memory, Outputs>(
  name: string,
  operation: Operation<Inputs, M, Outputs>,
  args: readonly string[],
  { env, terminal, cancellation, seams }: CommandLine,
  preset: Preset = {},
): Promise<ExitCode> => {
  try {
    const fromArguments = readArguments(allOptionsOf(operation), args);
    refuseOtherThan(preset, fromArguments, name);
    keepSecretsOf(env);
    const written: Written = (input) => preset[input] ?? fromArguments(input);
    const reporting = readInputs(reportInputs, written);
    const say = (text: string): void => (reporting.json ? terminal.err : terminal.out)(redacted(text));
    const from = runFrom(env, 'command-line');
    const { signal } = cancellation;
    const repository = repositoryOf(env, env['GITHUB_TOKEN']);
    const wish = reporting.publish;
    const publisher =
      repository && publisherFor({ repository, wish, operation: operation.name, env, run: from, signal });
    const run = startRun(operation, {
      env,
      run: from,
      written,
      signal,
      // Others read a publication.
      verbatim: !isPublic(env) && wish.length === 0,
      launch,
      commits: (signal) => gitCommits(process.cwd(), env, signal),
      observer: { ...observerOf(say), ...(publisher && { begins: publisher.begins }) },
      ...withoutUndefined({ seams, github: publisher?.open }),
    });
    const report = await Promise.race([
      run.ended,
      cancellation.outOfTime.then(() =>
        run.interrupted('the run was stopped while it was still working; run it again'),
      ),
    ]);
    const token = report.result.outcome === 'pending' ? report.token : undefined;
    if (reporting.json)
      terminal.out(jsonText({ ...resultJson(report.result), ...withoutUndefined({ 'resume-token': token }) }, 2));
    else {
      const remedy = exitCodeOf(report.result) === 0 ? '' : `\n  what to do: ${reason(report.result.reason).remedy}`;
      terminal.out(`${resultAsText(report, name)}${token ? `\n  resume-token: ${token}` : ''}${remedy}`);
    }
    // Reporting never fails a delivery (DESIGN §7 rule 13). But a green command must not lack outputs that the next command needs.
    for (const fault of writeReportFiles(written, report, operation.files)) terminal.err(`warning: ${fault}`);
    const { outcome, reason: why } = report.result;
    const lost = [
      faultOf(reporting['exported-variables'], () => exportedVariables(report)),
      reporting.json ? lostOutput(await terminal.outFault?.()) : undefined,
    ].filter((fault) => fault !== undefined);
    for (const fault of lost)
      terminal.err(
        `${name}: ${fault}\n  the delivery itself ended ${outcome}/${why}; make room for the output and run again: finished work is not repeated`,
      );
    const code = exitCodeOf(report.result);
    if (wish.length > 0 && !report.unsettled)
      for (const fault of (await publisher?.ended(report, code === 0)) ?? [noRepository])
        terminal.err(`warning: ${fault}`);
    return lost.length === 0 || code === 2 ? code : 1;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    terminal.err(`${name}: ${error.message}`);
    return 2;
  }
};

const noRepository = 'nothing is published: GITHUB_TOKEN and GITHUB_REPOSITORY name no repository';

/** `plan --dry-run` is redundant and allowed; `plan --no-dry-run` is a contradiction. @throws {InputError} */
const refuseOtherThan = (preset: Preset, written: Written, command: string): void => {
  for (const [input, value] of Object.entries(preset)) {
    const given = written(input);
    if (given === undefined || given.toLowerCase() === value) continue;
    throw new InputError(
      `--${input} is not an option of ${command}${value === '' ? '' : `: it is always ${value} here`}`,
    );
  }
};

const observerOf = (say: (text: string) => void): Observer => ({
  inputs: () => {},
  started: (lines) => say(lines.join('\n')),
  plan: (plan) => say(planAsText(plan)),
  progress: (entry) => say(timelineLine(entry)),
  keep: () => {},
  printed: (line) => say(printedLine(line)),
  defect: (stack) => say(stack),
});

const lostOutput = (fault: Error | undefined): string | undefined =>
  fault && `the JSON on standard output could not be written: ${fault.message}`;

/** `ENDPOINT_CONFIG='churn-1-4-0-1a2b3c4d'`: quoted, so that a shell reads any value as text. */
const exportedVariables = ({ result }: Report): string =>
  Object.entries({ ...result.outputs, outcome: result.outcome, 'reason-code': result.reason })
    .map(([name, value]) => `${name.toUpperCase().replace(/-/g, '_')}='${value.replace(/'/g, "'\\''")}'\n`)
    .join('');
