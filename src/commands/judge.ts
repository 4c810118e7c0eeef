import { canonical } from '../digest.ts';
import { readArguments } from '../hosts/command-line/arguments.ts';
import type { ExitCode } from '../hosts/command-line/command-line.ts';
import { ProgramFailed } from '../hosts/program-lines.ts';
import type { Terminal } from '../hosts/terminal.ts';
import { readInputs } from '../inputs/read-inputs.ts';
import { beginJudging, judge as judgeBuckets, observeBucket, verdictOf } from '../judge/judge.ts';
import type { Policy } from '../judge/policy.ts';
import type { Verdict } from '../judge/verdict.ts';
import { jsonText } from '../plain-text.ts';
import { bucketsAt, type JudgeLook, type WitnessedJudge } from '../release/witnessed.ts';
import { InputError } from '../schema.ts';
import { type Command, wrongRequest } from './command.ts';
import { judgeAsTheyCome, programOf } from './judge-program.ts';
import { judgedInputs, type Recorded, readJournalFile, recordedJournal, recordedLines } from './recorded-metrics.ts';

export const judge: Command = {
  does: 'Judges buckets of metrics by a policy, one verdict per line; needs no AWS.',
  options: judgedInputs,
  examples: [
    { line: 'judge --policy judge.yml < buckets.jsonl', does: 'Judges lines of standard input.' },
    {
      line: "judge --policy judge.yml --from '[python, buckets.py]'",
      does: 'Judges the lines that a program prints, each bucket when the next one begins.',
    },
    {
      line: 'judge --journal journal.jsonl',
      does: 'Judges a former release again, and compares the verdicts with the former ones.',
    },
  ],
  exits: {
    0: 'judged; with `--journal`, every verdict equals the former one',
    1: 'a verdict differs from the one in the journal, or the program of `--from` failed',
    2: wrongRequest,
  },
  run: (args, _host, terminal) => runJudge(args, terminal),
};

/**
 * `judge`: one JSON line per closed bucket. With a journal: one line per recorded verdict, from the buckets that were known then. It
 * ends with 1 when a verdict differs from the journal's.
 */
const runJudge = async (args: readonly string[], terminal: Terminal): Promise<ExitCode> => {
  try {
    const { policy, from, journal } = readInputs(judgedInputs, readArguments(judgedInputs, args));
    if (journal !== undefined) {
      const read = readJournalFile(journal);
      return replayJournal({ ...read, policy: recordedJournal(read, policy).policy }, terminal, policy !== undefined);
    }
    if (policy === undefined) throw new InputError('policy is required, unless the release of `journal` had one');
    const program = programOf(from);
    const say = (verdict: Verdict): void => terminal.out(lineOf(verdict));
    if (program === undefined) judgeAll(recordedLines(policy, from, 'from'), say);
    else await judgeAsTheyCome(policy, program, say);
    return 0;
  } catch (error) {
    if (error instanceof ProgramFailed) {
      terminal.err(`judge: from: ${error.message}`);
      return 1;
    }
    if (!(error instanceof InputError)) throw error;
    terminal.err(`judge: ${error.message}`);
    return 2;
  }
};

const judgeAll = ({ policy, buckets }: Recorded, say: (verdict: Verdict) => void): void => {
  let judging = beginJudging(policy);
  for (const bucket of buckets) {
    judging = observeBucket(judging, bucket);
    say(verdictOf(judging));
  }
};

const lineOf = (verdict: ReturnType<typeof verdictOf>, more: object = {}): string => {
  const { t, decision, reason, logEvidence, threshold, evidence, because } = verdict;
  return jsonText({ ...more, t, decision, reason, logEvidence, threshold, evidence, because });
};

/** @param differs another policy than the release's: its verdicts may differ */
const replayJournal = (
  { policy, looks }: WitnessedJudge & { readonly policy: Policy },
  terminal: Terminal,
  differs: boolean,
): ExitCode => {
  let same = true;
  for (const [index, { at, verdict: witnessed }] of looks.entries()) {
    // Without input there is no verdict.
    if (witnessed.t === undefined) continue;
    const verdict = judgeBuckets(policy, [...bucketsAt(looks.slice(0, index + 1)).values()]);
    const agrees = differs || agree(verdict, witnessed);
    same &&= agrees;
    terminal.out(lineOf(verdict, { at, ...(agrees ? {} : { witnessed }) }));
  }
  if (!same) terminal.err('judge: a verdict differs from the one in the journal');
  return same ? 0 : 1;
};

/** The sentence is no part of a verdict: a newer version may word it differently. */
const agree = (
  { t, decision, reason, logEvidence }: ReturnType<typeof verdictOf>,
  { because: _, ...witnessed }: JudgeLook['verdict'],
) => canonical({ t, decision, reason, logEvidence }) === canonical(witnessed);
