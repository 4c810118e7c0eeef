import type { Manifest } from './manifest.ts';

/** When a delivery needs a passing verdict of `regression-test`: before its first write, or before the dark candidate gets traffic. */
export type TestDue = 'before-deploy' | 'before-shift';

/**
 * @returns undefined without `regression:`; for the environment on whose endpoint the candidate of the other environments answers; and for an alias,
 * whose lifecycle hook tests during the deployment. No manifest with `regression:` delivers to a service.
 */
export const testDue = (
  { regression, byCodeDeploy = {} }: Pick<Manifest, 'regression' | 'byCodeDeploy'>,
  environment: string,
): TestDue | undefined => {
  if (regression === undefined || Object.hasOwn(byCodeDeploy, environment)) return undefined;
  const { candidate } = regression.asking;
  if (candidate.is === 'environment' && candidate.environment === environment) return undefined;
  return candidate.is === 'dark-variant' ? 'before-shift' : 'before-deploy';
};
