import * as core from '@actions/core';
import type { Memory, Operation } from '../operation.ts';
import { reason } from '../reason-codes.ts';
import { planAsText } from '../report/plan.ts';
import { type Report, resultAsText, timelineLine } from '../report/result.ts';
import { summaryOf } from '../report/summary.ts';
import type { Schema } from '../schema.ts';
import { commonInputs, githubInputs } from './common-inputs.ts';
import { type Delivery, finishDelivery, type Host, type Observer, type Seams, startDelivery } from './delivery.ts';
import { exitCodeOf } from './exit-code.ts';
import { fieldsOf, readInputs, type Written } from './read-inputs.ts';
import { runFrom } from './run.ts';
import { listenForSignals } from './signals.ts';
import { ownsItsInputs, strayInputs } from './stray-inputs.ts';

/** Kept by the runner between this action's main and post step; text only. */
const state = { started: 'started', token: 'token', reported: 'reported' } as const;

/**
 * An action's whole `main.ts`. The same bundle is the post step, which finds out by the state that the main step saved.
 * Ends the process: 0 for a green step, 1 for a red one; a post step is green when it brought the far side to rest.
 */
export const runAction = async <Inputs, M extends Memory, Outputs>(
  operation: Operation<Inputs, M, Outputs>,
  seams: Seams = {},
): Promise<void> => {
  const isPost = core.getState(state.started) !== '';
  // Everything was said and done: the usual case.
  if (isPost && core.getState(state.reported) !== '') return;

  const { signal, outOfTime } = listenForSignals();
  const host: Host = {
    env: process.env,
    run: runFrom(process.env, 'github-actions'),
    written,
    hostInputs: githubInputs,
    // A post step refuses nothing: it finishes what its main step began.
    ...(isPost ? {} : strays(operation.inputs)),
    ...(written('role') ? { role: core.getInput('role') } : {}),
    signal,
    observer,
    identityToken: (audience) => core.getIDToken(audience),
    seams,
  };
  const delivery = isPost
    ? finishDelivery(operation, host, core.getState(state.token) || undefined)
    : startDelivery(operation, host);
  if (!isPost) announce(delivery);
  const report = await endOf(delivery, outOfTime);
  await tell(
    isPost
      ? { ...report, remarks: ['The main step was stopped before it could finish; its post step wrote this.'] }
      : report,
  );
  // A connection that is still open must not keep a step alive that has ended.
  process.exit((isPost ? !report.unsettled : isGreen(report)) ? 0 : 1);
};

const written: Written = (name) => core.getInput(name) || undefined;

/** @returns what is to be refused; warns instead where the user may not have written it */
const strays = (inputs: Schema<object>): Pick<Host, 'strays'> => {
  const declared = fieldsOf({ ...inputs, ...commonInputs, ...githubInputs }).map(([name]) => name);
  const found = strayInputs(process.env, declared);
  if (ownsItsInputs(process.env, process.argv[1])) return { strays: found };
  if (found.length > 0)
    core.warning(
      `${found
        .slice(0, 5)
        .map(({ problem }) => problem)
        .join('\n')}\nIgnored, because another action or a composite may have set it.`,
    );
  return {};
};

const endOf = (delivery: Delivery, outOfTime: Promise<void>): Promise<Report> =>
  Promise.race([
    delivery.ended,
    outOfTime.then(() =>
      delivery.interrupted('the run was stopped while it was still working; the post step finishes'),
    ),
  ]);

/** A killed process can set nothing, so the outputs say from the start what is then true; the end overwrites them. */
const announce = (delivery: Delivery): void => {
  quietly('state', () => core.saveState(state.started, 'yes'));
  quietly('outputs', () => setOutputs(delivery.interrupted('the run was killed before it could report')));
};

const observer: Observer = {
  asked: (asked) =>
    grouped(
      'Inputs',
      Object.entries(asked).map(([name, value]) => `${name}: ${value}`),
    ),
  started: (lines) => core.info(lines.join('\n')),
  plan: (plan) => grouped('Plan', [planAsText(plan)]),
  progress: (entry) => core.info(timelineLine(entry)),
  keep: (token) => quietly('state', () => core.saveState(state.token, token)),
  defect: core.debug,
};

const grouped = (title: string, lines: readonly string[]): void => {
  core.startGroup(title);
  for (const line of lines) core.info(line);
  core.endGroup();
};

/**
 * Outputs first: later jobs depend on them. Then the state, so that nothing is undone that was delivered, should the summary be
 * interrupted. No telling can change how the delivery ended.
 */
const tell = async (report: Report): Promise<void> => {
  quietly('outputs', () => setOutputs(report));
  quietly('state', () => {
    if (report.token) core.saveState(state.token, report.token);
    if (!report.unsettled) core.saveState(state.reported, 'yes');
  });
  core.info(resultAsText(report));
  const { outcome, reason: why } = report.result;
  if (!isGreen(report)) core.error(annotationOf(report), { title: `${outcome}/${why}` });
  await core.summary
    .addRaw(summaryOf(report))
    .write()
    .catch((error: unknown) => warnOnce('job summary', error));
};

const setOutputs = ({ result, token, endpointKey, wouldChange }: Report): void => {
  for (const [name, value] of Object.entries(result.outputs)) core.setOutput(name, value);
  core.setOutput('outcome', result.outcome);
  core.setOutput('reason-code', result.reason);
  core.setOutput('result', JSON.stringify(result));
  if (token && result.outcome === 'pending') core.setOutput('resume-token', token);
  if (endpointKey !== undefined) core.setOutput('endpoint-key', endpointKey);
  if (wouldChange !== undefined) core.setOutput('would-change', wouldChange);
};

/** DESIGN §7 rule 13. */
const quietly = (channel: string, tellIt: () => void): void => {
  try {
    tellIt();
  } catch (error) {
    warnOnce(channel, error);
  }
};

/** One warning per channel and one error stay far below the ten annotations that GitHub shows. */
const warned = new Set<string>();
const warnOnce = (channel: string, error: unknown): void => {
  if (warned.has(channel)) return;
  warned.add(channel);
  core.warning(`the ${channel} could not be written: ${error instanceof Error ? error.message : String(error)}`);
};

/** GitHub cuts a message at 4,096 characters. */
const annotationOf = ({ result }: Report): string =>
  `${result.because}\n${reason(result.reason).remedy}`.slice(0, 4096);

const isGreen = ({ result, wouldChange }: Report): boolean => {
  if (exitCodeOf(result) === 0) return !wouldChange || readInputs(githubInputs, written)['on-change'] === 'continue';
  return result.outcome === 'pending' && readInputs(githubInputs, written)['on-pending'] === 'continue';
};
