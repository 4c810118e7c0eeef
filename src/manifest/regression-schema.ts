import * as z from 'zod/mini';
import type { RegressionSpec } from './regression.ts';
import { regressionKeys } from './regression-keys.ts';
import { policyOf } from './regression-policy.ts';

export const regressionSchema = z.pipe(
  regressionKeys.check(
    z.describe(
      'Metrics in which the candidate must not be worse. `deploy-endpoint` and `shift-traffic` refuse a version without a passing verdict of `regression-test`. `model-delivery compare` decides by the same rules from two files of predictions.',
    ),
  ),
  z.transform((written, context): RegressionSpec => {
    const { policy, problems } = policyOf(written);
    for (const { path, message } of problems)
      context.issues.push({ code: 'custom', input: written, path: [...path], message });
    return policy;
  }),
);
