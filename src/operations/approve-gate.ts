import { iso } from '../clock.ts';
import { environmentOf } from '../manifest/load.ts';
import { type Memory, type Operation, reasonOfAbort } from '../operation.ts';
import { reasonCodes } from '../reason-codes.ts';
import { requireRequested } from '../registry/packages.ts';
import type { RegisteredVersion } from '../registry/registered-version.ts';
import { editFault } from '../registry/verify-content.ts';
import { choice, type OutputSchema, type ValuesOf } from '../schema.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { sharedInputs, versionInput } from './shared-inputs.ts';

export const approveGateInputs = {
  ...sharedInputs,
  version: versionInput('check'),
  mode: choice({
    description: '`check`: report at once whether the version is approved, rejected or still waiting.',
    choices: ['check'],
    default: 'check',
  }),
};
export type ApproveGateInputs = ValuesOf<typeof approveGateInputs>;

export interface ApproveGateOutputs {
  readonly version: string;
  readonly tag: string;
  readonly 'model-package-version': string;
  readonly 'approval-status': string;
  readonly 'approval-description': string;
  readonly 'last-modified-by': string;
  readonly 'last-modified-at': string;
}

const outputs: OutputSchema<ApproveGateOutputs> = {
  version: {
    description: 'Semantic version; `package-7` for a package without one.',
    example: '1.4.0',
  },
  tag: { description: 'Name of the version, also as a git tag.', example: 'churn_v1.4.0' },
  'model-package-version': { description: 'Number of the package in its model package group.', example: '7' },
  'approval-status': { description: '`PendingManualApproval`, `Approved` or `Rejected`.', example: 'Approved' },
  'approval-description': { description: "The approver's comment.", example: 'recall holds on all slices' },
  'last-modified-by': {
    description: 'Author of the last change of the package, as the registry names them.',
    example: 'approver/alice',
  },
  'last-modified-at': { description: 'Time of the last change of the package.', example: '2026-01-05T10:00:00Z' },
};

export const approveGate: Operation<ApproveGateInputs, Memory, ApproveGateOutputs> = {
  name: 'approve-gate',
  description: 'Lets a delivery go on only with a model version that is approved in the registry.',
  inputs: approveGateInputs,
  outputs,

  async advance({ manifest, environment, version }, _memory, world) {
    // The environment must exist, so that a gate never answers for a misspelt one.
    environmentOf(manifest, environment);
    const registered = await requireRequested(world, manifest.model, version);
    return { is: 'done', ...verdict(registered), outputs: outputsOf(registered) };
  },

  async abort(_inputs, _memory, why) {
    return {
      is: 'done',
      outcome: reasonCodes[reasonOfAbort[why]].outcome,
      reason: reasonOfAbort[why],
      outputs: {},
      because: 'the gate had not answered yet',
    };
  },
};

const verdict = (registered: RegisteredVersion) => {
  const { tag, packageVersion, status } = registered;
  const subject = `${tag} (package ${packageVersion})`;
  if (registered.approval === 'Rejected')
    return {
      outcome: 'rejected',
      reason: 'approval-rejected',
      because: `${subject} was rejected${byWhom(registered)}`,
    } as const;
  // An approval covers the registered content. Other content under the same approval is not approved.
  const edited = editFault(registered);
  if (edited !== undefined) return { outcome: 'rejected', reason: edited.reason, because: edited.because } as const;
  if (registered.approval === 'PendingManualApproval')
    return { outcome: 'pending', reason: 'approval-pending', because: `${subject} waits for approval` } as const;
  if (status === 'Failed') {
    const because = `${subject} is approved, but SageMaker did not complete it: ${registered.statusDetails ?? 'it gives no reason'}`;
    return { outcome: 'failed', reason: 'registration-failed', because } as const;
  }
  if (status !== 'Completed')
    return {
      outcome: 'pending',
      reason: 'approval-pending',
      because: `${subject} is approved, but still ${status}`,
    } as const;
  return { outcome: 'succeeded', reason: 'approved', because: `${subject} is approved${byWhom(registered)}` } as const;
};

/** `; last changed by approver/alice at …: recall holds`. The registry keeps only the last author, so no approver is named. */
const byWhom = ({ lastModified, approvalDescription }: RegisteredVersion): string => {
  const who = lastModified?.by ? ` by ${lastModified.by}` : '';
  const when = lastModified ? `; last changed${who} at ${iso(lastModified.at)}` : '';
  return `${when}${approvalDescription ? `: ${approvalDescription}` : ''}`;
};

const outputsOf = ({
  lastModified,
  approvalDescription,
  ...registered
}: RegisteredVersion): Partial<ApproveGateOutputs> => ({
  version: registered.version,
  tag: registered.tag,
  'model-package-version': String(registered.packageVersion),
  'approval-status': registered.approval,
  ...withoutUndefined({
    'approval-description': approvalDescription,
    'last-modified-at': lastModified && iso(lastModified.at),
    'last-modified-by': lastModified?.by,
  }),
});
