import { type Decided, statusOf } from '../approval/decision.ts';
import type { Considered, Mode } from '../approval/mode.ts';
import { modeNames, modeOf, modes } from '../approval/modes.ts';
import { restrained } from '../approval/restrained.ts';
import { descriptionOf, stateOf, writeDecision } from '../approval/write-decision.ts';
import { iso } from '../clock.ts';
import { digest } from '../digest.ts';
import { environmentOf } from '../manifest/load.ts';
import { type Memory, type Operation, type Plan, type Progress, reasonOfAbort } from '../operation.ts';
import { permissionsFor } from '../permissions.ts';
import { reasonCodes } from '../reason-codes.ts';
import { requireRequested } from '../registry/packages.ts';
import type { RegisteredVersion } from '../registry/registered-version.ts';
import { riskOf } from '../registry/risk.ts';
import { editFault } from '../registry/verify-content.ts';
import { choice, type OutputSchema, type ValuesOf } from '../schema.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { sharedInputs, versionInput } from './shared-inputs.ts';

export const approveGateInputs = {
  ...sharedInputs,
  version: versionInput('check'),
  mode: choice({
    description: `The way to a decision. ${modeNames.map((name) => `\`${name}\` ${modes[name].does}.`).join(' ')}`,
    choices: modeNames,
    default: 'check',
  }),
};
export type ApproveGateInputs = ValuesOf<typeof approveGateInputs>;

/** The decision that was planned, so that a turn writes no other. */
export interface ApproveGateMemory extends Memory {
  /** Digest over the state of the version and the decision: for any other, memory is worthless. */
  readonly of: string;
}

type Turn = Progress<ApproveGateMemory, ApproveGateOutputs>;

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

export const approveGate: Operation<ApproveGateInputs, ApproveGateMemory, ApproveGateOutputs> = {
  name: 'approve-gate',
  description:
    'Lets a delivery go on only with a model version that is approved in the registry, and writes a decision there by the mode that is chosen.',
  inputs: approveGateInputs,
  outputs,

  async advance({ manifest, environment: name, version, mode: modeName }, memory, world) {
    // The environment must exist, so that a gate never answers for a misspelt one.
    const environment = environmentOf(manifest, name);
    const registered = await requireRequested(world, manifest.model, version);
    const mode = modeOf(modeName);
    const present = verdict(registered);
    const undecided = present.reason === 'approval-pending' && registered.status === 'Completed';
    const approved = present.reason === 'approved';
    if (mode.decide === undefined || !(undecided || (approved && mode.rejectsApproved))) return done(registered);

    const rules = environment.approval ?? {};
    const risk = riskOf(manifest, environment, registered.card);
    const considered = restrained(
      await mode.decide({ manifest, name, environment, rules, registered, risk, world }),
      risk,
    );
    const { decision } = considered;
    if (decision.is === 'open' || (decision.is === 'approve' && approved))
      return approved ? done(registered, considered) : open(registered, considered);
    const of = digest([stateOf(registered), decision.is, decision.by]);
    if (memory?.of !== of) {
      const plan = planOf(registered, decision, mode);
      const changed = memory === undefined ? {} : { remarks: [plannedAnew] };
      return {
        is: 'waiting',
        memory: { v: 1, of },
        notBefore: world.clock.now(),
        percent: 0,
        because: plan.title,
        plan,
        ...changed,
      };
    }
    const { now, written } = await writeDecision(world, manifest.model, registered, decision);
    if (now === undefined) return gone(registered);
    if (!written)
      return {
        is: 'waiting',
        memory: { v: 1, of: '' },
        notBefore: world.clock.now(),
        percent: 0,
        because: plannedAnew,
      };
    return done(now, considered);
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

const plannedAnew = 'the version changed after its decision was planned: it is looked at again';

const planOf = (registered: RegisteredVersion, decision: Decided, { needs = [] }: Mode): Plan => {
  const { tag, packageVersion, approval } = registered;
  return {
    title: `${decision.is} ${tag}`,
    changes: [
      {
        verb: 'update',
        object: `model package ${packageVersion}`,
        details: [`approval: ${approval} → ${statusOf[decision.is]}`, descriptionOf(decision)],
      },
    ],
    notes: [],
    expectedSeconds: 1,
    peakInstances: {},
    permissions: permissionsFor('approve-gate', ['decides', ...needs]),
  };
};

/** The registry's word. */
const done = (registered: RegisteredVersion, { findings }: Partial<Considered> = {}): Turn => ({
  is: 'done',
  ...verdict(registered),
  outputs: outputsOf(registered),
  ...withoutUndefined({ findings }),
});

/** Nothing was decided, and the registry is as it was. */
const open = (registered: RegisteredVersion, { decision, findings }: Considered): Turn =>
  decision.is !== 'open'
    ? done(registered)
    : {
        is: 'done',
        outcome: decision.outcome,
        reason: decision.reason,
        because: `${subjectOf(registered)}: ${decision.because}`,
        outputs: outputsOf(registered),
        ...withoutUndefined({ findings }),
      };

const gone = (registered: RegisteredVersion): Turn => ({
  is: 'done',
  outcome: 'failed',
  reason: 'unknown-version',
  because: `${subjectOf(registered)} was deleted while it was decided about`,
  outputs: {},
});

const subjectOf = ({ tag, packageVersion }: RegisteredVersion): string => `${tag} (package ${packageVersion})`;

const verdict = (registered: RegisteredVersion) => {
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
