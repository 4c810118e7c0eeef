import { commonInputs, githubInputs } from '../../inputs/common-inputs.ts';
import { fieldsOf, readInputs, type Written } from '../../inputs/read-inputs.ts';
import { ownsItsInputs, strayInputs } from '../../inputs/stray-inputs.ts';
import type { Memory, Operation, OperationName } from '../../operation.ts';
import { jsonText } from '../../plain-text.ts';
import { reason } from '../../reason-codes.ts';
import { failureOf } from '../../report/failure.ts';
import { prose } from '../../report/markdown.ts';
import { planAsText } from '../../report/plan.ts';
import { indented, printedLine, type Report, resultAsText, timelineLine } from '../../report/result.ts';
import { resultJson } from '../../report/result-json.ts';
import { found, summaryOf } from '../../report/summary.ts';
import type { Schema } from '../../schema.ts';
import { keepSecretsOf } from '../../secrets.ts';
import type { EarlyQuestion } from '../../session/early-question.ts';
import { repositoryOf } from '../../session/repository.ts';
import { withoutUndefined } from '../../without-undefined.ts';
import type { Run } from '../../world.ts';
import { exitCodeOf } from '../exit-code.ts';
import { finishRun, type Host, type Observer, type OperationRun, type Seams, startRun } from '../operation-run.ts';
import { type Publisher, publisherFor } from '../publisher.ts';
import { writeReportFiles } from '../report-files.ts';
import { runFrom } from '../run.ts';
import { listenForSignals } from '../signals.ts';
import {
  annotateError,
  annotateWarning,
  hide,
  identityToken,
  print,
  printDebug,
  printGroup,
  readInput,
  readState,
  saveState,
  setOutput,
  writeSummary,
} from './github-log.ts';
import { stepState as state } from './step-state.ts';

/**
 * A run of an action to its end. The same bundle is the post step; it recognises itself by the state that the main step saved. Ends the
 * process: 0 for a green step, 1 for a red one. A post step is green when it settled the release.
 * @param early asked of AWS before this was loaded
 */
export const runAction = async <Inputs, M extends Memory, Outputs>(
  operation: Operation<Inputs, M, Outputs>,
  seams: Seams = {},
  machine: Pick<Host, 'launch' | 'commits'> = {},
  early?: EarlyQuestion,
): Promise<void> => {
  const isPost = readState(state.started) !== '';
  // The main step has finished and reported: the usual case.
  if (isPost && readState(state.reported) !== '') return;

  failLoudly();
  keepSecretsOf(process.env);
  const { signal, outOfTime } = listenForSignals();
  const role = written('role');
  const actionRun = runFrom(process.env, 'github-actions');
  const publisher = publisherOf(operation.name, actionRun, signal);
  const host: Host = {
    env: process.env,
    run: actionRun,
    written,
    hostInputs: { ...githubInputs, ...operation.files },
    // A post step refuses nothing: it finishes what its main step began.
    ...(isPost ? {} : strays({ ...operation.inputs, ...operation.files })),
    ...withoutUndefined({ role: role || undefined, early }),
    ...machine,
    signal,
    observer: {
      ...observer,
      ...(publisher && { begins: publisher.begins }),
      shows: (report) => {
        printGroup('Evidence', found(report).split('\n'));
        publisher?.shows(report);
      },
    },
    identityToken,
    ...(publisher && { github: publisher.open }),
    learned: ({ accessKeyId, secretAccessKey, sessionToken }) => hide(accessKeyId, secretAccessKey, sessionToken),
    seams,
  };
  const run = isPost ? finishRun(operation, host, readState(state.token) || undefined) : startRun(operation, host);
  if (!isPost) announce(run);
  const report = await endOf(run, outOfTime);
  const shown = isPost
    ? { ...report, remarks: ['The main step was stopped before it could finish; its post step wrote this.'] }
    : report;
  const { outputsWritten } = await publishReport(shown, operation.files);
  // The post step of an unsettled run ends it, and publishes the end.
  if (publisher && !(report.unsettled && !isPost)) await publishAtGitHub(publisher, shown);
  // An open connection must not keep an ended step alive. No step reads the outputs of a post step.
  process.exit((isPost ? !report.unsettled : isGreen(report) && outputsWritten) ? 0 : 1);
};

const written: Written = readInput;

/** @returns undefined without a token, or with a wrong input, which the run refuses */
const publisherOf = (operation: OperationName, run: Run, signal: AbortSignal): Publisher | undefined => {
  try {
    const { publish, 'github-token': token } = readInputs(githubInputs, written);
    hide(token);
    const repository = repositoryOf(process.env, token);
    return repository && publisherFor({ repository, wish: publish, operation, env: process.env, run, signal });
  } catch {
    return undefined;
  }
};

/** After everything that later jobs and readers depend on. */
const publishAtGitHub = async (publisher: Publisher, report: Report): Promise<void> => {
  try {
    const faults = await publisher.ended(report, isGreen(report));
    for (const fault of faults) (publisher.named ? annotateWarning : print)(fault);
    if (faults.length > 0) await writeSummary(faults.map((fault) => `\n> ${prose(fault)}\n`).join(''));
  } catch (error) {
    warnOnce('publication at GitHub', error);
  }
};

/** @returns the strays to refuse; only warns where the user may not have written them */
const strays = (inputs: Schema<object>): Pick<Host, 'strays'> => {
  const declared = fieldsOf({ ...inputs, ...commonInputs, ...githubInputs }).map(([name]) => name);
  const found = strayInputs(process.env, declared);
  if (ownsItsInputs(process.env, process.argv[1])) return { strays: found };
  if (found.length > 0)
    annotateWarning(
      `${found
        .slice(0, 5)
        .map(({ problem }) => problem)
        .join('\n')}\nIgnored, because another action or a composite may have set it.`,
    );
  return {};
};

const endOf = (run: OperationRun, outOfTime: Promise<void>): Promise<Report> =>
  Promise.race([
    run.ended,
    outOfTime.then(() => run.interrupted('the run was stopped while it was still working; the post step finishes')),
  ]);

/** A killed process can set no outputs, so they have the values for that case from the start; the end overwrites them. */
const announce = (run: OperationRun): void => {
  quietly('state', () => saveState(state.started, 'yes'));
  try {
    setOutputs(run.interrupted('the run was killed before it could report'));
  } catch (error) {
    // A rollback must not wait for a disk: the run goes on, and reports at its end whether the outputs could be written.
    print(
      `the outputs cannot be written now (${messageOf(error)}); the step will fail if they cannot be written at its end either`,
    );
  }
};

const observer: Observer = {
  inputs: (inputs) =>
    printGroup(
      'Inputs',
      Object.entries(inputs).map(([name, value]) => `${name}: ${indented(value)}`),
    ),
  started: (lines) => print(lines.join('\n')),
  plan: (plan) => printGroup('Plan', [planAsText(plan)]),
  progress: (entry) => print(timelineLine(entry)),
  keep: (token) => quietly('state', () => saveState(state.token, token)),
  printed: (line) => print(printedLine(line)),
  defect: printDebug,
};

/**
 * Outputs come first: later jobs depend on them. Then the state, so that an interrupted summary does not undo the delivery. No report
 * changes the outcome of the delivery. But a step without readable outputs must not be green.
 */
const publishReport = async (
  report: Report,
  files: Schema<object> | undefined,
): Promise<{ readonly outputsWritten: boolean }> => {
  const outputsWritten = tryOutputs(report);
  quietly('state', () => {
    if (report.token) saveState(state.token, report.token);
    if (!report.unsettled) saveState(state.reported, 'yes');
  });
  print(resultAsText(report));
  const { outcome, reason: why } = report.result;
  if (!isGreen(report)) annotateError(`${outcome}/${why}`, annotationOf(report));
  for (const fault of writeReportFiles(written, report, files)) annotateWarning(fault);
  await writeSummary(summaryOf(report)).catch((error: unknown) => warnOnce('job summary', error));
  return { outputsWritten };
};

const tryOutputs = (report: Report): boolean => {
  try {
    setOutputs(report);
    return true;
  } catch (error) {
    const { outcome, reason: why } = report.result;
    annotateError(
      'outputs not written',
      `the outputs could not be written, and later steps depend on them: ${messageOf(error)}\n` +
        `The delivery itself ended ${outcome}/${why}. Make the file that GITHUB_OUTPUT names writable (is the runner's disk full?),` +
        ' then run again: finished work is not repeated.',
    );
    return false;
  }
};

/** @throws {Error} when the runner gave no file to write them to, or the file cannot be written */
const setOutputs = ({ result, token, endpointKey, subject, testDue, wouldChange }: Report): void => {
  // The toolkit would print a command instead, which runners no longer obey.
  if (!process.env['GITHUB_OUTPUT']) throw new Error('GITHUB_OUTPUT is not set');
  for (const [name, value] of Object.entries(result.outputs)) setOutput(name, value);
  setOutput('outcome', result.outcome);
  setOutput('reason-code', result.reason);
  setOutput('result', jsonText(resultJson(result)));
  if (token && result.outcome === 'pending') setOutput('resume-token', token);
  if (endpointKey !== undefined) setOutput('endpoint-key', endpointKey);
  if (subject?.endpointPage !== undefined) setOutput('endpoint-url', subject.endpointPage);
  if (testDue !== undefined) setOutput('regression-test', testDue);
  if (wouldChange !== undefined) setOutput('would-change', wouldChange);
};

/** DESIGN §7 rule 13. */
const quietly = (channel: string, write: () => void): void => {
  try {
    write();
  } catch (error) {
    warnOnce(channel, error);
  }
};

/** One warning per channel and one error stay far below the ten annotations that GitHub shows. */
const warned = new Set<string>();
const warnOnce = (channel: string, error: unknown): void => {
  if (warned.has(channel)) return;
  warned.add(channel);
  annotateWarning(`the ${channel} could not be written: ${messageOf(error)}`);
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const annotationOf = ({ result }: Report): string => `${result.because}\n${reason(result.reason).remedy}`;

/** Without this, Node would print the unchanged error message, and the runner would search it for commands. */
const failLoudly = (): void => {
  for (const event of ['uncaughtException', 'unhandledRejection'] as const)
    process.once(event, (error: unknown) => {
      const { outcome, reason: why, because } = failureOf(error);
      annotateError(`${outcome}/${why}`, `${because}\n${reason(why).remedy}`);
      if (error instanceof Error) printDebug(error.stack ?? '');
      process.exit(1);
    });
};

const isGreen = ({ result, wouldChange }: Report): boolean => {
  if (exitCodeOf(result) === 0) return !wouldChange || readInputs(githubInputs, written)['on-change'] === 'continue';
  return result.outcome === 'pending' && readInputs(githubInputs, written)['on-pending'] === 'continue';
};
