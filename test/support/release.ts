import type { Configuration, Release } from '../../src/release/record.ts';

export const configuration = (version: string, suffix = ''): Configuration => ({
  endpointConfig: `churn-${version.replaceAll('.', '-')}${suffix}`,
  model: `churn-${version.replaceAll('.', '-')}${suffix}`,
  version,
  instanceType: 'ml.m5.large',
  instanceCount: 2,
});

/** A release that has just begun, held until instant 1,000 by `run-1`. */
export const release = (overrides: Partial<Release> = {}): Release => {
  const version = overrides.version ?? '1.1.0';
  return {
    id: `churn-${version}-aaaaaaaa-1`,
    operation: 'deploy-endpoint',
    version,
    planDigest: 'a'.repeat(64),
    attempt: 1,
    phase: 'preparing',
    startedAt: 0,
    lease: { holder: 'run-1', until: 1000 },
    run: { url: 'https://example.test/run/1' },
    candidate: configuration(version),
    submission: {
      kind: 'update',
      variant: 'AllTraffic',
      exclude: [],
      bakeSeconds: 600,
      finalBakeSeconds: 600,
      timeoutSeconds: 3600,
      expectedSeconds: 1800,
      minimumRequests: 0,
    },
    alarms: [],
    witnessed: {},
    commands: [],
    ...overrides,
  };
};
