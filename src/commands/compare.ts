import { writeFileSync } from 'node:fs';
import type { Instant } from '../clock.ts';
import type { Regression } from '../findings/regression.ts';
import { clockOf } from '../hosts/clock.ts';
import { readArguments } from '../hosts/command-line/arguments.ts';
import type { CommandLine, ExitCode } from '../hosts/command-line/command-line.ts';
import type { Terminal } from '../hosts/terminal.ts';
import { fieldsOf, readInputs, type Written } from '../inputs/read-inputs.ts';
import { loadRegression, ManifestError } from '../manifest/load.ts';
import { jsonText } from '../plain-text.ts';
import { regressionFindings } from '../regression/findings.ts';
import { modelQualityOf } from '../regression/model-quality.ts';
import type { ScoredRows } from '../regression/scored-rows.ts';
import { type Compared, compareFiles, isRemote, type Names } from '../regression/scoring/compare-scored.ts';
import { RowsError } from '../regression/scoring/rows-error.ts';
import { fileSource } from '../regression/scoring/source.ts';
import { evaluationJson } from '../report/regression/evaluation.ts';
import { regressionPage } from '../report/regression/html.ts';
import { regressionJunit } from '../report/regression/junit.ts';
import { regressionMarkdown } from '../report/regression/summary.ts';
import { regressionText } from '../report/regression/text.ts';
import { file, flag, InputError, optional, text, type ValuesOf } from '../schema.ts';
import { redacted, withoutSecrets } from '../secrets.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { type Command, wrongRequest } from './command.ts';

const predictions = (of: string): string =>
  `Predictions of the ${of}: JSON lines, a JSON array, or CSV with a header. A row is \`{id, label, prediction}\`, with \`score\`, \`weight\`, \`latency-ms\`, \`bytes\` and columns of slices where the policy needs them; a model's error is \`{id, label, error}\`. With golden rows on this machine (\`dataset\` of the policy), label, weight and columns may stand there alone.`;
const report = (of: string, example: string) => optional(text({ description: `Write ${of} to this file.`, example }));

const compareInputs = {
  candidate: text({ description: predictions('candidate') }),
  baseline: optional(
    text({
      description:
        'Predictions of the baseline for the same rows, in the same form. Without them, the rules that limit the own values of the candidate (`floor`, `ceiling`) decide alone.',
    }),
  ),
  policy: file({
    mostBytes: 256 * 1024,
    description: "The manifest's `regression` section, in a file of its own; YAML or JSON.",
    example: 'regression.yml',
    parse: loadRegression,
  }),
  json: flag({ description: 'Print JSON; an error is JSON too.', default: false }),
  junit: report('JUnit XML, a test case for each metric, slice and rule,', 'regression.xml'),
  markdown: report('a summary for a pull request', 'regression.md'),
  html: report('a page with plots of the intervals and slices', 'regression.html'),
  evaluation: report('the metrics as SageMaker and Studio read them', 'evaluation.json'),
  redact: flag({ description: 'Of rows, reports have ids only: no label and no prediction.', default: false }),
};
type CompareInputs = ValuesOf<typeof compareInputs>;

export const compare: Command = {
  does: 'Compares the predictions of two models for the same rows, and decides whether the candidate is worse; needs no AWS.',
  options: compareInputs,
  notes: [
    'The verdict is `pass`, `fail` or `inconclusive`; with `--json`, member `verdict` has it.',
    'Rows are joined by `id`; the files need not have one order. A million rows need about 400 MB.',
  ],
  examples: [
    {
      line: 'compare --candidate new.jsonl --baseline old.jsonl --policy regression.yml',
      does: 'Prints the verdict, and each metric with its interval.',
    },
    {
      line: 'compare --candidate new.jsonl --baseline old.jsonl --policy regression.yml --junit regression.xml --markdown regression.md',
      does: 'Also writes reports.',
    },
    {
      line: 'compare --candidate first.jsonl --policy regression.yml',
      does: 'Where nothing serves yet: floors and ceilings decide alone.',
    },
  ],
  exits: {
    0: 'the candidate passes',
    1: 'it fails, the rows do not suffice for a verdict, or a report could not be written',
    2: wrongRequest,
  },
  run: (args, host, terminal) => runCompare(args, host, terminal),
};

const runCompare = async (args: readonly string[], host: () => CommandLine, terminal: Terminal): Promise<ExitCode> => {
  let written: Written = () => undefined;
  try {
    written = readArguments(compareInputs, args);
    const inputs = readInputs(compareInputs, written);
    const { scored, comparison } = await compared(inputs, terminal, await timeFor(inputs, host));
    const found = regressionFindings(comparison, scored, { ...namesOf(inputs), redacted: inputs.redact });
    terminal.out(inputs.json ? jsonText(withoutSecrets(comparison), 2) : redacted(regressionText(found)));
    const faults = [
      ...writeReports(inputs, found, scored),
      ...(inputs.json ? [await terminal.outFault?.()].flatMap((fault) => fault?.message ?? []) : []),
    ];
    for (const fault of faults) terminal.err(`compare: ${fault}`);
    return comparison.verdict === 'pass' && faults.length === 0 ? 0 : 1;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    refuse(error, /^true$/i.test(written('json') ?? ''), terminal);
    return 2;
  }
};

const namesOf = ({ candidate, baseline }: CompareInputs): Names => ({
  candidate,
  ...withoutUndefined({ baseline }),
});

/** By the rows of the files, and of the policy's dataset where it is on this machine. @throws {InputError} */
const compared = async (inputs: CompareInputs, terminal: Terminal, now: Instant | undefined): Promise<Compared> => {
  const { candidate, baseline, policy } = inputs;
  const { dataset } = policy;
  const { unchecked, ...found } = await compareFiles(
    policy,
    {
      candidate: fileSource(candidate),
      ...(baseline === undefined ? {} : { baseline: fileSource(baseline) }),
      ...(dataset === undefined || isRemote(dataset) ? {} : { golden: fileSource(dataset) }),
    },
    namesOf(inputs),
    now,
  );
  if (unchecked !== undefined) terminal.err(`compare: warning: ${unchecked}`);
  return found;
};

/** The time, where a golden set has a last day: nothing else depends on it. */
const timeFor = async ({ policy }: CompareInputs, host: () => CommandLine): Promise<Instant | undefined> => {
  if (policy.datasetExpires === undefined) return undefined;
  return (await clockOf(host())).now();
};

/** Writes what was requested. @returns why a report could not be written */
const writeReports = (inputs: CompareInputs, found: Regression, { rows }: ScoredRows): readonly string[] => {
  const reports = {
    junit: () => regressionJunit(found),
    markdown: () => regressionMarkdown(found),
    html: () => regressionPage(found),
    evaluation: () => evaluationJson(found, modelQualityOf(rows)),
  } as const;
  return (['junit', 'markdown', 'html', 'evaluation'] as const).flatMap((name) => {
    const path = inputs[name];
    if (path === undefined) return [];
    try {
      writeFileSync(path, reports[name]());
      return [];
    } catch (error) {
      if (typeof error !== 'object' || error === null || !('code' in error)) throw error;
      return [`${name}: cannot write ${JSON.stringify(path)}: ${String(error.code)}`];
    }
  });
};

const refuse = (error: InputError, asJson: boolean, terminal: Terminal): void => {
  const because = redacted(error.message);
  if (!asJson) {
    terminal.err(`compare: ${because}`);
    return;
  }
  terminal.out(jsonText({ error: { input: inputOf(error), because } }, 2));
  const [first = '', ...more] = because.split('\n');
  terminal.err(`compare: ${first}${more.length > 0 ? ` (and ${more.length} more)` : ''}`);
};

/** The input that was wrong: an option, or the policy's dataset. */
const inputOf = (error: InputError): string => {
  if (error instanceof RowsError) return error.input;
  if (error instanceof ManifestError) return 'policy';
  const [, name] = /^(?:--)?([a-z]+)\b/.exec(error.message) ?? [];
  return fieldsOf(compareInputs).some(([field]) => field === name) ? (name ?? 'arguments') : 'arguments';
};
