import type { Check, Conclusion } from '../../github/github.ts';
import type { Outcome } from '../../outcome.ts';
import { beginning } from '../../plain-text.ts';
import { withoutUndefined } from '../../without-undefined.ts';
import type { Report } from '../result.ts';
import { digestOf } from '../summary.ts';
import { noteOf } from './comment.ts';
import { shortenedMarkdown } from './shortened.ts';
import type { Subject } from './subject.ts';

/** REST, "Create a check run": the summary has at most 65,535 characters, the title 255. */
const longestSummary = 65_535;
const longestTitle = 255;

/** GitHub lets a check pass as `neutral` or `skipped`: none of these does, except for a success. */
const conclusions: Readonly<Record<Outcome, Conclusion>> = {
  succeeded: 'success',
  pending: 'action_required',
  inconclusive: 'action_required',
  'rolled-back': 'failure',
  rejected: 'failure',
  failed: 'failure',
  'timed-out': 'timed_out',
  cancelled: 'cancelled',
};

/** @param green whether the step is green: a dry run that would change something may be red */
export const checkOf = (report: Report, { model, environment }: Subject, commit: string, green: boolean): Check => {
  const { operation, outcome, reason, because, startedAt, endedAt } = report.result;
  const conclusion = conclusions[outcome];
  return {
    name: `${operation}: ${model} (${environment})`,
    commit,
    externalId: `model-delivery/${model}/${environment}/${operation}`,
    conclusion: conclusion === 'success' && !green ? 'failure' : conclusion,
    title: beginning(`${outcome}/${reason}: ${because}`.replace(/\s+/g, ' '), longestTitle),
    summary: shortenedMarkdown(digestOf(report), longestSummary, noteOf(report.url ?? '')),
    startedAt,
    endedAt,
    ...withoutUndefined({ url: report.url }),
  };
};
