import type { Env } from '../../env.ts';
import { commandPublishInput, commonInputs, reportFileInputs } from '../../inputs/common-inputs.ts';
import { readInputs, type Written } from '../../inputs/read-inputs.ts';
import type { Memory, Operation } from '../../operation.ts';
import { jsonText } from '../../plain-text.ts';
import { reason } from '../../reason-codes.ts';
import { planAsText } from '../../report/plan.ts';
import { printedLine, type Report, resultAsText, timelineLine } from '../../report/result.ts';
import { resultJson } from '../../report/result-json.ts';
import { found } from '../../report/summary.ts';
import { type Field, flag, InputError, optional, type Schema, text, type ValuesOf } from '../../schema.ts';
import { keepSecretsOf, redacted } from '../../secrets.ts';
import { repositoryOf } from '../../session/repository.ts';
import { withoutUndefined } from '../../without-undefined.ts';
import { clockOf } from '../clock.ts';
import { exitCodeOf } from '../exit-code.ts';
import { gitCommits } from '../git-commits.ts';
import { launch } from '../launch.ts';
import { type Observer, type Seams, startRun } from '../operation-run.ts';
import { type Publisher, publisherFor } from '../publisher.ts';
import { faultOf, writeReportFiles } from '../report-files.ts';
import { isPublic, runFrom } from '../run.ts';
import type { Cancellation } from '../signals.ts';
import type { Terminal } from '../terminal.ts';
import { readArguments } from './arguments.ts';
import { environmentsFor, inEnvironment, labelled, worstOf } from './each-environment.ts';
import { waitingLine } from './waiting-line.ts';

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
  readonly everywhereWith?: readonly string[];
  readonly files?: Schema<object>;
}

/** The options of a command that runs this operation, without the inputs that the command sets itself. */
export const optionsOf = (operation: Declared, preset: Preset = {}): Schema<object> =>
  Object.fromEntries(
    Object.entries<Field<unknown>>(allOptionsOf(operation) as Record<string, Field<unknown>>)
      .filter(([name]) => !(name in preset))
      .map(([name, field]) => {
        const mayBeLeftOut = name === 'environment' && operation.everywhereWith !== undefined;
        return [name, mayBeLeftOut ? { ...field, required: false } : field];
      }),
  );

const allOptionsOf = ({ inputs, files }: Declared): Schema<object> => ({
  ...inputs,
  ...commonInputs,
  ...reportInputs,
  ...files,
});

/**
 * Runs one operation to its end, or once for each environment where it allows that and none is named (`everywhereWith`). Rejects only on a
 * defect.
 */
export const runCommand = async <Inputs, M extends Memory, Outputs>(
  name: string,
  operation: Operation<Inputs, M, Outputs>,
  args: readonly string[],
  host: CommandLine,
  preset: Preset = {},
): Promise<ExitCode> => {
  const { env, terminal } = host;
  try {
    const fromArguments = readArguments(allOptionsOf(operation), args);
    refuseOtherThan(preset, fromArguments, name);
    keepSecretsOf(env);
    const written: Written = (input) => preset[input] ?? fromArguments(input);
    const reporting = readInputs(reportInputs, written);
    const environments = environmentsFor(operation, written);
    return environments === undefined
      ? await runOnce(name, operation, { ...host, written, reporting })
      : await runInEach(name, operation, { ...host, written, reporting }, environments);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    terminal.err(`${name}: ${error.message}`);
    return 2;
  }
};

interface Place extends CommandLine {
  readonly written: Written;
  readonly reporting: ValuesOf<typeof reportInputs>;
  /** The environment of one run among others, whose lines come in one stream. */
  readonly among?: string;
}

const runOnce = async <Inputs, M extends Memory, Outputs>(
  name: string,
  operation: Operation<Inputs, M, Outputs>,
  place: Place,
): Promise<ExitCode> => {
  const { terminal, reporting } = place;
  const begun = begin(operation, place);
  const report = await begun.ended;
  terminal.out(reporting.json ? jsonText(jsonOf(report), 2) : textOf(name, report));
  const lost = await lostJson(place);
  const code = await finish(name, operation, place, begun, report);
  return lost === undefined ? code : lacking(name, place, report, lost);
};

/**
 * The environments have nothing to do with each other: none waits for another one, and none keeps another one from its run or its report.
 */
const runInEach = async <Inputs, M extends Memory, Outputs>(
  name: string,
  operation: Operation<Inputs, M, Outputs>,
  place: Place,
  { names, skipped }: NonNullable<ReturnType<typeof environmentsFor>>,
): Promise<ExitCode> => {
  const { terminal, reporting, seams, written } = place;
  const given = operation.everywhereWith?.filter((input) => written(input)).join(' and ');
  for (const environment of skipped)
    sayIn({ ...place, among: environment })(
      `skipped: CodeDeploy delivers there, and ${name} with ${given} is about SageMaker endpoints`,
    );
  // The runs of one process share its clock.
  const clock = await clockOf(place);
  const ends = await Promise.all(
    names.map(async (environment) => {
      const written = inEnvironment(environment, place.written);
      const own: Place = { ...place, seams: { ...seams, clock }, written, among: environment };
      const begun = begin(operation, own);
      const report = await begun.ended;
      const title = `${name} in ${environment}`;
      if (!reporting.json) terminal.out(textOf(title, report));
      return { environment, title, report, code: await finish(title, operation, own, begun, report) };
    }),
  );
  if (!reporting.json) return worstOf(ends.map(({ code }) => code));
  terminal.out(
    jsonText(
      ends.map(({ environment, report }) => ({ environment, ...jsonOf(report) })),
      2,
    ),
  );
  const lost = await lostJson(place);
  return worstOf(
    ends.map(({ title, report, code }) => (lost === undefined ? code : lacking(title, place, report, lost))),
  );
};

interface Begun {
  readonly ended: Promise<Report>;
  readonly publisher: Publisher | undefined;
}

const begin = <Inputs, M extends Memory, Outputs>(operation: Operation<Inputs, M, Outputs>, place: Place): Begun => {
  const { env, terminal, cancellation, seams, written, reporting, among } = place;
  const say = sayIn(place);
  const from = runFrom(env, 'command-line');
  // Many runs may listen at once, and each listener of one signal counts.
  const signal = AbortSignal.any([cancellation.signal]);
  const owner = among ?? operation.name;
  const live = (text?: () => string): void => terminal.live?.(owner, text);
  // A cancelled run waits for nothing: it settles its release.
  signal.addEventListener('abort', () => live(), { once: true });
  const repository = repositoryOf(env, env['GITHUB_TOKEN']);
  const wish = reporting.publish;
  const publisher = repository && publisherFor({ repository, wish, operation: operation.name, env, run: from, signal });
  const run = startRun(operation, {
    env,
    run: from,
    written,
    signal,
    // Others read a publication.
    verbatim: !isPublic(env) && wish.length === 0,
    launch,
    commits: (signal) => gitCommits(process.cwd(), env, signal),
    observer: {
      ...observerOf(say),
      ...(publisher && { begins: publisher.begins }),
      waits: (turn, clock, deadline) => live(() => labelledIn(among, waitingLine(turn, clock.now(), deadline))),
      shows: (report) => {
        say(found(report));
        publisher?.shows(report);
      },
    },
    ...withoutUndefined({ seams, github: publisher?.open }),
  });
  const ended = Promise.race([
    run.ended,
    cancellation.outOfTime.then(() => run.interrupted('the run was stopped while it was still working; run it again')),
  ]).finally(() => live());
  return { ended, publisher };
};

const sayIn = ({ terminal, reporting, among }: Place): ((text: string) => void) => {
  const print = reporting.json ? terminal.err : terminal.out;
  return (text) => print(redacted(labelledIn(among, text)));
};

const labelledIn = (among: string | undefined, text: string): string =>
  among === undefined ? text : labelled(among, text);

/** Writes the files of a run that was reported, and publishes it. */
const finish = async <Inputs, M extends Memory, Outputs>(
  name: string,
  operation: Operation<Inputs, M, Outputs>,
  place: Place,
  { publisher }: Begun,
  report: Report,
): Promise<ExitCode> => {
  const { terminal, written, reporting, among } = place;
  const warn = (fault: string): void => terminal.err(labelledIn(among, `warning: ${fault}`));
  // Reporting never fails a delivery (DESIGN §7 rule 13). But a green command must not lack outputs that the next command needs.
  for (const fault of writeReportFiles(written, report, operation.files)) warn(fault);
  const lost = faultOf(written('exported-variables'), () => exportedVariables(report));
  const code = exitCodeOf(report.result);
  const end = lost === undefined ? code : lacking(name, place, report, lost);
  if (reporting.publish.length > 0 && !report.unsettled)
    for (const fault of (await publisher?.ended(report, code === 0)) ?? [noRepository]) warn(fault);
  return end;
};

/** Reports an output of a run that could not be written. */
const lacking = (name: string, { terminal }: Place, { result }: Report, fault: string): ExitCode => {
  terminal.err(
    `${name}: ${fault}\n  the delivery itself ended ${result.outcome}/${result.reason}; make room for the output and run again: finished work is not repeated`,
  );
  return exitCodeOf(result) === 2 ? 2 : 1;
};

const tokenOf = ({ result, token }: Report): string | undefined => (result.outcome === 'pending' ? token : undefined);

const jsonOf = (report: Report): object => ({
  ...resultJson(report.result),
  ...withoutUndefined({ 'resume-token': tokenOf(report) }),
});

const textOf = (name: string, report: Report): string => {
  const token = tokenOf(report);
  const remedy = exitCodeOf(report.result) === 0 ? '' : `\n  what to do: ${reason(report.result.reason).remedy}`;
  return `${resultAsText(report, name)}${token ? `\n  resume-token: ${token}` : ''}${remedy}`;
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

const lostJson = async ({ terminal, reporting }: Place): Promise<string | undefined> => {
  const fault = reporting.json ? await terminal.outFault?.() : undefined;
  return fault && `the JSON on standard output could not be written: ${fault.message}`;
};

/** `ENDPOINT_CONFIG='churn-1-4-0-1a2b3c4d'`: quoted, so that a shell reads any value as text. */
const exportedVariables = ({ result }: Report): string =>
  Object.entries({ ...result.outputs, outcome: result.outcome, 'reason-code': result.reason })
    .map(([name, value]) => `${name.toUpperCase().replace(/-/g, '_')}='${value.replace(/'/g, "'\\''")}'\n`)
    .join('');
