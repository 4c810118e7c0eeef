import { parseAnalysis } from '../../registry/analysis-file.ts';
import { parseConstraints } from '../../registry/constraints-file.ts';
import type { Analysis } from '../../regression/clarify/analysis.ts';
import type { Constraints } from '../../regression/contract/constraints.ts';
import { InputError } from '../../schema.ts';
import type { FoundReport } from '../registered-reports.ts';

/** The meaning of a report; or why there is none, as a clause that names its place. */
export type Read<Report> = Report | string;

export const constraintsIn = (found: FoundReport): Read<Constraints> => readIn(found, parseConstraints);

export const analysisIn = (found: FoundReport): Read<Analysis> => readIn(found, parseAnalysis);

const readIn = <Report>(found: FoundReport, parse: (text: string, source: string) => Report): Read<Report> => {
  if (found.is === 'none') return found.why;
  try {
    return parse(found.bytes.toString('utf8'), found.name);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error.message;
  }
};
