import type { Submission } from '../release/record.ts';

/** Why an update cannot be left to SageMaker: a clause for a message; undefined where it can. */
export const needsRun = (submission: Submission): string | undefined => {
  switch (submission.mechanism) {
    case 'variants':
      return 'with `strategy: steps` a run moves the traffic, step by step';
    case 'codedeploy':
      return 'CodeDeploy carries it out';
    case 'guardrail':
      return submission.judged === undefined
        ? undefined
        : 'the judge can take the traffic back only by a run that reads the metrics';
    case 'replacement':
      return undefined;
  }
};
