import { iso } from '../clock.ts';
import type { RegisteredVersion } from '../registry/registered-version.ts';
import { editFault } from '../registry/verify-content.ts';

/** `churn_v1.4.0 (package 7)`. */
export const subjectOf = ({ tag, packageVersion }: RegisteredVersion): string => `${tag} (package ${packageVersion})`;

/** The answer of the registry about a version, as it is. */
export const registryAnswer = (registered: RegisteredVersion) => {
  const { status } = registered;
  const subject = subjectOf(registered);
  if (registered.approval === 'Rejected')
    return {
      outcome: 'rejected',
      reason: 'approval-rejected',
      because: `${subject} was rejected${byWhom(registered)}`,
    } as const;
  // An approval covers the registered content. Other content under the same approval is not approved.
  const edited = editFault(registered);
  if (edited !== undefined) return { outcome: 'rejected', reason: edited.reason, because: edited.because } as const;
  // SageMaker never serves it, whatever its approval is.
  if (status === 'Failed') {
    const state = registered.approval === 'Approved' ? 'is approved' : 'waits for approval';
    const because = `${subject} ${state}, but SageMaker did not complete it: ${registered.statusDetails ?? 'it gives no reason'}`;
    return { outcome: 'failed', reason: 'registration-failed', because } as const;
  }
  if (registered.approval === 'PendingManualApproval')
    return { outcome: 'pending', reason: 'approval-pending', because: `${subject} waits for approval` } as const;
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
