import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { type ReasonCode, reasonCodes } from '../../src/reason-codes.ts';
import { type Why, whys } from '../../src/rollout/state.ts';

type Place = readonly [file: string, assertion: string];

const eachWhy = "test.each(whys)('of 0 for the reason %s end the release with that reason'";

/**
 * For each reason code a test that ends with it, by what it asserts of the code that runs, and not of a report that it made up itself. A
 * new code without one is refused by the compiler.
 */
const producers: Readonly<Record<ReasonCode, Place>> = {
  'regression-passed': ['acceptance/hosts.test.ts', "ends: 'succeeded/regression-passed'"],
  'regression-failed': ['acceptance/hosts.test.ts', "ends: 'rejected/regression-failed'"],
  'regression-inconclusive': ['acceptance/hosts.test.ts', "ends: 'inconclusive/regression-inconclusive'"],
  'policy-inconclusive': ['acceptance/hosts.test.ts', "ends: 'inconclusive/policy-inconclusive'"],
  'regression-disturbed': ['acceptance/regression-disturbed.test.ts', "reason: 'regression-disturbed'"],
  'transform-failed': ['acceptance/regression-transform.test.ts', "reason: 'transform-failed'"],
  planned: ['acceptance/hosts.test.ts', "ends: 'succeeded/planned'"],
  registered: ['acceptance/hosts.test.ts', "ends: 'succeeded/registered'"],
  'already-registered': ['acceptance/hosts.test.ts', "ends: 'succeeded/already-registered'"],
  approved: ['acceptance/hosts.test.ts', "ends: 'succeeded/approved'"],
  delivered: ['acceptance/hosts.test.ts', "ends: 'succeeded/delivered'"],
  'candidate-dark': ['acceptance/shift-traffic.test.ts', "toBe('candidate-dark')"],
  'command-given': ['unit/operations/shift-traffic.test.ts', "reason: 'command-given'"],
  'brought-to-rest': ['acceptance/approval.test.ts', "reason: 'brought-to-rest'"],
  'nothing-expired': ['acceptance/forged-memory.test.ts', "reason: 'nothing-expired'"],
  'already-delivered': ['acceptance/hosts.test.ts', "ends: 'succeeded/already-delivered'"],
  restored: ['acceptance/hosts.test.ts', "ends: 'succeeded/restored'"],
  'candidate-withdrawn': ['acceptance/hosts.test.ts', "ends: 'succeeded/candidate-withdrawn'"],
  'already-restored': ['acceptance/after-steps.test.ts', "toBe('already-restored')"],
  'serves-nowhere': ['acceptance/rejected.test.ts', "nothing('serves-nowhere')"],
  'not-rejected': ['acceptance/rejected.test.ts', "nothing('not-rejected')"],
  'event-ignored': ['acceptance/rejected.test.ts', "nothing('event-ignored')"],
  'in-progress': ['unit/hosts/drive.test.ts', "reason: 'in-progress'"],
  'approval-pending': ['acceptance/hosts.test.ts', "ends: 'pending/approval-pending'"],
  'approvals-missing': ['acceptance/reviews.test.ts', "const missing = 'pending/approvals-missing'"],
  'evidence-changed': ['acceptance/reviews.test.ts', "const evidence = 'pending/evidence-changed'"],
  'self-approval': ['acceptance/reviews.test.ts', "const self = 'rejected/self-approval'"],
  'not-approved': ['acceptance/hosts.test.ts', "ends: 'rejected/not-approved'"],
  'content-changed': ['acceptance/approval.test.ts', "reason: 'content-changed'"],
  'approval-rejected': ['acceptance/hosts.test.ts', "ends: 'rejected/approval-rejected'"],
  'regression-missing': ['unit/scoring/require-verdict.test.ts', 'toMatch(/^regression-missing: '],
  'labels-changed': ['acceptance/regression-labels.test.ts', "reason: 'labels-changed'"],
  'not-repeated': ['acceptance/rare-ends.test.ts', "reason: 'not-repeated'"],
  'already-convicted': ['acceptance/shift-traffic.test.ts', "reason: 'already-convicted'"],
  alarm: ['acceptance/hosts.test.ts', "ends: 'rolled-back/alarm'"],
  'health-check': ['acceptance/rare-ends.test.ts', "reason: 'health-check'"],
  'capacity-rolled-back': ['acceptance/rare-ends.test.ts', "reason: 'capacity-rolled-back'"],
  convicted: ['acceptance/hosts.test.ts', "ends: 'rolled-back/convicted'"],
  'safety-net': ['unit/mechanisms/walk.test.ts', eachWhy],
  'shared-outage': ['unit/mechanisms/shared-outage.test.ts', "reason: 'shared-outage'"],
  'worse-than-before': ['unit/mechanisms/walk.test.ts', eachWhy],
  'metrics-blind': ['unit/mechanisms/walk.test.ts', eachWhy],
  'unproven-health': ['unit/mechanisms/walk.test.ts', eachWhy],
  'dark-checks-failed': ['unit/mechanisms/walk.test.ts', eachWhy],
  'insufficient-traffic': ['acceptance/permissions.test.ts', "ends: 'insufficient-traffic'"],
  'deployment-timeout': ['unit/mechanisms/cause.test.ts', "toBe('deployment-timeout')"],
  'aborted-by-hand': ['acceptance/runs-that-meet.test.ts', "toBe('rolled-back/aborted-by-hand')"],
  'approval-withdrawn': ['acceptance/after-steps.test.ts', "toBe('approval-withdrawn')"],
  'cause-unknown': ['unit/mechanisms/supervise.test.ts', "toBe('cause-unknown')"],
  'unproven-traffic': ['unit/mechanisms/supervise.test.ts', "toBe('unproven-traffic')"],
  'no-bake': ['unit/mechanisms/no-bake.test.ts', "reason: 'no-bake'"],
  'withdrawn-too-late': ['acceptance/approval.test.ts', "reason: 'withdrawn-too-late'"],
  'alarm-gone': ['unit/mechanisms/supervise.test.ts', "toBe('alarm-gone')"],
  abandoned: ['acceptance/second-swap.test.ts', "reason: 'abandoned'"],
  'retire-failed': ['acceptance/after-steps.test.ts', "reason: 'retire-failed'"],
  'changed-by-others': ['unit/mechanisms/supervise.test.ts', "toBe('changed-by-others')"],
  'verification-mismatch': ['acceptance/drift.test.ts', "'verification-mismatch'"],
  'job-unheard': ['support/deliver-scenarios.ts', "ends: 'inconclusive/job-unheard'"],
  'deadline-passed': ['unit/hosts/patience.test.ts', "reason: 'deadline-passed'"],
  cancelled: ['unit/hosts/drive.test.ts', "reason: 'cancelled'"],
  'smoke-failed': ['acceptance/smoke.test.ts', "toBe('failed/smoke-failed')"],
  'creation-failed': ['acceptance/rare-ends.test.ts', "reason: 'creation-failed'"],
  'capacity-unavailable': ['acceptance/rare-ends.test.ts', "reason: 'capacity-unavailable'"],
  'quota-exceeded': ['unit/mechanisms/walk.test.ts', "reason: 'quota-exceeded'"],
  'rollback-failed': ['unit/mechanisms/supervise.test.ts', "toBe('rollback-failed')"],
  'endpoint-unusable': ['acceptance/permissions.test.ts', "ends: 'endpoint-unusable'"],
  'held-by-another-release': ['acceptance/bad-input.test.ts', "reason: 'held-by-another-release'"],
  'other-record': ['acceptance/runs-that-meet.test.ts', "reason: 'other-record'"],
  'foreign-config': ['acceptance/forged-record.test.ts', '^foreign-config:'],
  'foreign-record': ['acceptance/forged-record.test.ts', "toContain('foreign-record')"],
  'record-unavailable': ['acceptance/releases-bucket.test.ts', "reason: 'record-unavailable'"],
  'plan-changed': ['acceptance/runs-that-meet.test.ts', "reason: 'plan-changed'"],
  'version-taken': ['acceptance/hosts.test.ts', "ends: 'failed/version-taken'"],
  'registration-failed': ['unit/operations/register-model.test.ts', "reason: 'registration-failed'"],
  'artifact-changed': ['unit/operations/register-model.test.ts', "reason: 'artifact-changed'"],
  'restore-failed': ['acceptance/rare-ends.test.ts', "reason: 'restore-failed'"],
  'config-missing': ['acceptance/rollback.test.ts', "toBe('config-missing')"],
  'name-taken': ['acceptance/rare-ends.test.ts', "reason: 'name-taken'"],
  'no-candidate': ['acceptance/hosts.test.ts', "ends: 'failed/no-candidate'"],
  'nothing-to-roll-back-to': ['acceptance/hosts.test.ts', "ends: 'failed/nothing-to-roll-back-to'"],
  'access-denied': ['acceptance/bad-input.test.ts', "reason: 'access-denied'"],
  'credentials-unavailable': ['acceptance/bad-input.test.ts', "reason: 'credentials-unavailable'"],
  'credentials-too-short': ['unit/hosts/operation-run.test.ts', "reason: 'credentials-too-short'"],
  'wrong-account': ['acceptance/bad-input.test.ts', "reason: 'wrong-account'"],
  'endpoint-unreachable': ['unit/commands/action-types.test.ts', 'failed\\/endpoint-unreachable'],
  'clock-skew': ['unit/aws/causes.test.ts', "expectCause(error, 'clock-skew'"],
  'github-refused': ['unit/hosts/github-turns.test.ts', "reason: 'github-refused'"],
  'aws-error': ['unit/hosts/drive.test.ts', "reason: 'aws-error'"],
  'internal-error': ['unit/hosts/drive.test.ts', "reason: 'internal-error'"],
  'job-failed': ['support/deliver-scenarios.ts', "ends: 'failed/job-failed'"],
  'invalid-input': ['acceptance/bad-input.test.ts', "reason: 'invalid-input'"],
  'invalid-manifest': ['acceptance/hosts.test.ts', "ends: 'failed/invalid-manifest'"],
  'unknown-version': ['acceptance/hosts.test.ts', "ends: 'failed/unknown-version'"],
  'risk-high': ['acceptance/risk.test.ts', "reason: 'risk-high'"],
  'infeasible-rollout': ['acceptance/bad-input.test.ts', "reason: 'infeasible-rollout'"],
  'alarm-cannot-fire': ['acceptance/bad-input.test.ts', "reason: 'alarm-cannot-fire'"],
  'alarm-not-ready': ['acceptance/bad-input.test.ts', "reason: 'alarm-not-ready'"],
  'hardware-setting': ['acceptance/settings.test.ts', "toBe('failed/hardware-setting')"],
  'protection-lost': ['acceptance/settings.test.ts', "toBe('failed/protection-lost')"],
  'too-little-traffic': ['acceptance/bad-input.test.ts', "reason: 'too-little-traffic'"],
};

const isWhy = (code: string): code is Why => whys.some((why) => why === code);

test.each(Object.keys(reasonCodes) as readonly ReasonCode[])('%s is produced by a test', (code) => {
  const [file, assertion] = producers[code];
  if (assertion === eachWhy) expect(isWhy(code)).toBe(true);
  else expect(assertion).toMatch(new RegExp(`(?<![\\w-])${code}(?![\\w-])`));
  expect(readFileSync(`test/${file}`, 'utf8')).toContain(assertion);
});
