import type { SmokeTest } from '../findings/smoke.ts';
import type { Release } from '../release/record.ts';
import { withoutUndefined } from '../without-undefined.ts';

/** The smoke test in a release's record, for a report. Absent where none was planned, or none was begun. */
export const smokeFindingsOf = ({ smoke }: Pick<Release, 'smoke'>): { readonly findings?: SmokeTest } => {
  if (smoke === undefined || smoke.answered === 0) return {};
  const { of, answered, unexpected, wrong = [], first } = smoke;
  return {
    findings: { is: 'smoke-test', ...{ of, answered, unexpected, wrong }, ...withoutUndefined({ first }) },
  };
};
