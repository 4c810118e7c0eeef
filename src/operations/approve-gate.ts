import { type Decided, type Open, statusOf } from '../approval/decision.ts';
import type { gatherEvidence as Gather } from '../approval/evidence.ts';
import type { Asked, Considered, Mode } from '../approval/mode.ts';
import { type ModeName, modeNames, modeOf, modes } from '../approval/modes.ts';
import { registryAnswer, subjectOf } from '../approval/registry-answer.ts';
import { restrained } from '../approval/restrained.ts';
import { type ReviewInputs, reviewInputs } from '../approval/review-inputs.ts';
import { lookAgain, notLookedAgain, overwrittenBy } from '../approval/second-look.ts';
import { descriptionOf, stateOf, writeDecision } from '../approval/write-decision.ts';
import { type Instant, iso, seconds } from '../clock.ts';
import { digest } from '../digest.ts';
import type { Evidence } from '../findings/evidence.ts';
import { environmentOf } from '../manifest/load.ts';
import { withNotices } from '../notify/planned.ts';
import { announceWait } from '../notify/waiting.ts';
import {
  type Memory,
  type Operation,
  type Plan,
  type Progress,
  Refusal,
  type Remarks,
  reasonOfAbort,
} from '../operation.ts';
import { permissionsFor } from '../permissions.ts';
import { reasonCodes } from '../reason-codes.ts';
import { metadataKeys } from '../registry/metadata.ts';
import { requireRequested } from '../registry/packages.ts';
import type { RegisteredVersion } from '../registry/registered-version.ts';
import { riskOfApproval } from '../registry/risk.ts';
import { choice, type OutputSchema, type ValuesOf } from '../schema.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';
import { sharedInputs, versionInput } from './shared-inputs.ts';
import { costOfWait, nextLook, planOfWait, priceNotes } from './wait-for-decision.ts';

export const approveGateInputs = {
  ...sharedInputs,
  version: versionInput('check'),
  mode: choice({
    description: `The way to a decision. ${modeNames.map((name) => `\`${name}\` ${modes[name].does}.`).join(' ')}`,
    choices: modeNames,
    default: 'check',
  }),
  ...reviewInputs,
};
/** Absent: the inputs of other modes. */
export type ApproveGateInputs = Omit<ValuesOf<typeof approveGateInputs>, keyof ReviewInputs> & Partial<ReviewInputs>;

/** The decision that was planned, so that a turn writes no other. */
export interface ApproveGateMemory extends Memory {
  /** Digest over the state of the version and the decision: for any other, memory is worthless. */
  readonly of: string;
  /** The decision that this run has written, and looks at once more. */
  readonly wrote?: Decided['is'];
  /** The beginning of the wait. */
  readonly since?: Instant;
  /** Digest of the state for which people were told that the version waits. */
  readonly told?: string;
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
  readonly commit: string;
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
  commit: {
    description: 'Commit of the version, as its package has it; empty where it has none.',
    example: '0a1b2c3d4e5f60718293a4b5c6d7e8f901234567',
  },
};

export const approveGate: Operation<ApproveGateInputs, ApproveGateMemory, ApproveGateOutputs> = {
  name: 'approve-gate',
  description:
    'Lets a delivery go on only with a model version that is approved in the registry. Some modes also write the decision there.',
  inputs: approveGateInputs,
  outputs,

  async advance({ manifest, environment: name, version, mode: modeName, ...inputs }, memory, world) {
    // The plan of the turn before is compared with the registry, and not with its own answer.
    if (memory !== undefined) world.lookAgain?.();
    // The environment must exist, so that a gate never answers for a misspelt one.
    const environment = environmentOf(manifest, name);
    const mode = modeOf(modeName);
    refuseOtherModes(modeName, mode, inputs);
    const registered = await requireRequested(world, manifest.model, version);
    const present = registryAnswer(registered);
    const undecided = present.reason === 'approval-pending' && registered.status === 'Completed';
    const approved = present.reason === 'approved';
    const rules = environment.approval ?? {};
    const risk = riskOfApproval(manifest, environment, registered.card);
    const asked: Asked = { manifest, name, environment, rules, registered, risk, inputs, world };
    if (mode.waits) return waitOn(asked, memory, undecided);
    const overwritten = overwrittenBy(memory?.wrote, registered);
    const ask = mode.decide;
    if (ask === undefined || !(undecided || (approved && mode.rejectsApproved)))
      return done(registered, {
        remarks: overwritten,
        ...(undecided ? { findings: await gatherEvidence(asked) } : {}),
      });

    const considered = await lookAgain(memory?.wrote, registered, async () => restrained(await ask(asked), risk));
    if (considered === undefined) return done(registered, { remarks: [...overwritten, notLookedAgain] });
    const { decision } = considered;
    const remarks = [...overwritten, ...(considered.remarks ?? [])];
    const undone = decision.is === 'open' ? standing(registered, decision) : undefined;
    if (undone !== undefined) return open(registered, undone, remarks, await gatherEvidence(asked, considered));
    if (decision.is === 'open' || (decision.is === 'approve' && approved))
      return done(registered, { ...considered, remarks });
    const of = digest([stateOf(registered), decision.is, decision.by]);
    if (memory?.of !== of) {
      const plan = planOf(registered, decision, mode);
      const changed = memory === undefined || memory.wrote !== undefined ? [] : [plannedAnew];
      return {
        is: 'waiting',
        memory: { v: 1, of },
        notBefore: world.clock.now(),
        percent: 0,
        because: plan.title,
        plan,
        remarks: [...changed, ...remarks],
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
    if (!mode.rejectsApproved) return done(now, { ...considered, remarks });
    return {
      is: 'waiting',
      memory: { v: 1, of: '', wrote: decision.is },
      notBefore: world.clock.now() + (decision.is === 'reject' ? afterRejectionMs : 0),
      percent: 90,
      because: `${subjectOf(now)} is ${now.approval}; looks once more`,
      remarks,
    };
  },

  async abort({ manifest, version, mode, 'price-per-minute': price }, memory, why, world) {
    const code = reasonOfAbort[why];
    const unanswered = {
      is: 'done',
      outcome: reasonCodes[code].outcome,
      reason: code,
      outputs: {},
      because: 'the gate had not answered yet',
    } as const;
    const waits = modeOf(mode).waits === true;
    // A run that is cancelled has no time. Without a decision of its own, and without a wait, there is nothing to look for.
    if (why === 'cancelled' || memory === undefined || (memory.wrote === undefined && !waits)) return unanswered;
    const registered = await requireRequested(world, manifest.model, version);
    const { reason } = registryAnswer(registered);
    if (reason === 'approval-pending' && !(waits && why === 'timed-out')) return unanswered;
    return done(registered, { remarks: costLines(memory, world, price) });
  },
};

/** Loaded where somebody waits for it: it plans a whole delivery. A gate that finds a decision needs none of that. */
const gatherEvidence: typeof Gather = async (...given) =>
  (await import('../approval/evidence.ts')).gatherEvidence(...given);

/** Longer than another run takes between its look and its write, its retries left out. */
const afterRejectionMs = seconds(10);

/** An option that does nothing is a mistake of the user's. */
const refuseOtherModes = (name: ModeName, { takes = [] }: Mode, inputs: Partial<ReviewInputs>): void => {
  for (const [input, value] of Object.entries(inputs)) {
    if (value === undefined || takes.some((one) => one === input)) continue;
    const owner = modeNames.find((other) => modeOf(other).takes?.some((one) => one === input));
    throw new Refusal('invalid-input', `${input}: mode: ${name} has no such input; it belongs to mode: ${owner}`);
  }
};

const costLines = (
  memory: ApproveGateMemory | undefined,
  world: World,
  price: number | undefined,
): readonly string[] => {
  const cost = memory?.since === undefined ? undefined : costOfWait(memory.since, world, price);
  return cost === undefined ? [] : [cost];
};

/** The registry's decision, once it has one. The first look shows the evidence to the people who decide. */
const waitOn = async (asked: Asked, memory: ApproveGateMemory | undefined, undecided: boolean): Promise<Turn> => {
  const { registered, world, inputs, environment } = asked;
  const price = inputs['price-per-minute'];
  const { because, reason } = registryAnswer(registered);
  if (reason !== 'approval-pending') return done(registered, { remarks: costLines(memory, world, price) });
  const state = stateOf(registered);
  const shows = undecided && memory?.of !== state;
  // The first turn only plans.
  const tells = memory !== undefined && undecided && memory.told !== state;
  const remarks = tells ? await announceWait(asked, because, state) : [];
  const told = tells ? state : memory?.told;
  return {
    is: 'waiting',
    memory: {
      v: 1,
      of: undecided ? state : '',
      since: memory?.since ?? world.clock.now(),
      ...withoutUndefined({ told }),
    },
    ...(remarks.length > 0 ? { remarks } : {}),
    notBefore: nextLook(world),
    percent: 0,
    because: [because, ...priceNotes(world.run, price)].join('; '),
    ...(memory === undefined
      ? {
          plan: withNotices(planOfWait(registered, world.run, price), environment.notify ?? [], [
            'waiting-for-approval',
          ]),
        }
      : {}),
    ...(shows ? { findings: await gatherEvidence(asked) } : {}),
  };
};

const plannedAnew = 'the version, or its decision, changed after the plan: the gate looks at it again';

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

/** The registry's state is the answer. */
const done = (registered: RegisteredVersion, { findings, remarks = [] }: Partial<Considered> = {}): Turn => ({
  is: 'done',
  ...registryAnswer(registered),
  outputs: outputsOf(registered),
  ...withoutUndefined({ findings, remarks: remarks.length > 0 ? remarks : undefined }),
});

/** @returns undefined where the registry's approval is the answer: an open decision leaves it as it is, unless a rejection is in doubt */
const standing = (registered: RegisteredVersion, decision: Open): Open | undefined => {
  const subject = subjectOf(registered);
  if (registered.approval !== 'Approved') return { ...decision, because: `${subject}: ${decision.because}` };
  return decision.holds === undefined
    ? undefined
    : {
        ...decision,
        outcome: 'pending',
        reason: 'approvals-missing',
        because: `${subject} is approved, but ${decision.holds}`,
      };
};

/** Nothing was decided, and the registry is as it was. */
const open = (
  registered: RegisteredVersion,
  { outcome, reason, because }: Open,
  remarks: Remarks,
  findings: Evidence,
): Turn => ({
  is: 'done',
  outcome,
  reason,
  because,
  outputs: outputsOf(registered),
  findings,
  remarks,
});

const gone = (registered: RegisteredVersion): Turn => ({
  is: 'done',
  outcome: 'failed',
  reason: 'unknown-version',
  because: `${subjectOf(registered)} was deleted before its decision was written`,
  outputs: {},
});

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
    commit: registered.metadata[metadataKeys.versionCommit] ?? registered.metadata[metadataKeys.gitSha],
  }),
});
