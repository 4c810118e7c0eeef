import type { Deployment, DeploymentState } from '../../github/github.ts';
import type { OperationName } from '../../operation.ts';
import type { Outcome } from '../../outcome.ts';
import { type ReasonCode, reason } from '../../reason-codes.ts';
import { withoutUndefined } from '../../without-undefined.ts';
import type { Report } from '../result.ts';
import type { Subject } from './subject.ts';

const states: Readonly<Record<Outcome, DeploymentState>> = {
  succeeded: 'success',
  pending: 'in_progress',
  'rolled-back': 'failure',
  rejected: 'failure',
  failed: 'failure',
  inconclusive: 'error',
  'timed-out': 'error',
  cancelled: 'error',
};

/** After these the endpoint serves what it served before, and no run tried to change that. */
const changedNothing: ReadonlySet<ReasonCode> = new Set([
  'planned',
  'manifest-planned',
  'already-delivered',
  'already-restored',
  'served-before',
  'candidate-withdrawn',
  'command-given',
  'brought-to-rest',
  'nothing-expired',
  'nothing-to-resume',
  'serves-nowhere',
  'not-rejected',
  'event-ignored',
]);

/** Shares its environment with no job's: GitHub would set that job's deployment to inactive. */
const environmentOf = ({ model, environment }: Subject): string => `${model}/${environment}`;

/** A rollback is no part of the deployment that it ends. */
const taskOf = (operation: OperationName): string => (operation === 'rollback' ? 'rollback' : 'deploy');

/** The beginning of a delivery; its end finds it again. */
export const deploymentBegun = (
  operation: OperationName,
  subject: Subject,
  commit: string,
  logUrl: string | undefined,
): Deployment => ({
  commit,
  environment: environmentOf(subject),
  task: taskOf(operation),
  version: subject.version ?? '',
  state: 'in_progress',
  description: `${operation} began`,
  ...withoutUndefined({ environmentUrl: subject.endpointPage, logUrl }),
});

/**
 * @param begun whether this run has begun a deployment
 * @returns undefined where nothing was to be deployed
 */
export const deploymentOf = (
  { result, url }: Report,
  subject: Subject,
  commit: string,
  begun: boolean,
): Deployment | undefined => {
  const { operation, outcome, reason: code, because } = result;
  if (!begun && (result.dryRun || changedNothing.has(code) || reason(code).badInput)) return undefined;
  return {
    ...deploymentBegun(operation, subject, commit, url),
    // Up, but without traffic: the shift of the traffic ends the deployment.
    state: code === 'candidate-dark' ? 'in_progress' : states[outcome],
    description: `${outcome}/${code}: ${because}`.replace(/\s+/g, ' '),
  };
};
