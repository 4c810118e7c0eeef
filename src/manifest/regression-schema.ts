import * as z from 'zod/mini';
import type { RegressionSpec } from './regression.ts';
import { regressionKeys } from './regression-keys.ts';
import { policyOf } from './regression-policy.ts';

export const regressionSchema = z.pipe(
  regressionKeys.check(
    z.describe(
      'Metrics in which the candidate must not be worse. `model-delivery compare` decides by it from two files of predictions. A delivery does not enforce it in this version: `deploy-endpoint`, `plan` and `lint` refuse a manifest that has it.',
    ),
  ),
  z.transform((written, context): RegressionSpec => {
    const { policy, problems } = policyOf(written);
    for (const { path, message } of problems)
      context.issues.push({ code: 'custom', input: written, path: [...path], message });
    return policy;
  }),
);
