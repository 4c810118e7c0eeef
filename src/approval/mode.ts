import type { Findings } from '../findings/findings.ts';
import type { ApprovalRules } from '../manifest/approval.ts';
import type { Environment, Manifest } from '../manifest/manifest.ts';
import type { Remarks } from '../operation.ts';
import type { Need } from '../permissions.ts';
import type { RegisteredVersion } from '../registry/registered-version.ts';
import type { RiskHere } from '../registry/risk.ts';
import type { World } from '../world.ts';
import type { Decision } from './decision.ts';
import type { ReviewInputs } from './review-inputs.ts';

/** A version that waits for approval, and the rules for it. */
export interface Asked {
  readonly manifest: Manifest;
  /** Name of the environment that the gate stands before. */
  readonly name: string;
  readonly environment: Environment;
  readonly rules: ApprovalRules;
  readonly registered: RegisteredVersion;
  /** With a high one, `reviewersFor` requires two people. */
  readonly risk: RiskHere;
  readonly inputs: Partial<ReviewInputs>;
  readonly world: World;
}

export interface Considered {
  readonly decision: Decision;
  readonly findings?: Findings;
  readonly remarks?: Remarks;
}

/** A way to decide about a version. It only reads; `write-decision.ts` alone writes to the registry. */
export interface Mode {
  /** For the input's description: a sentence without its subject. */
  readonly does: string;
  /** Absent where the registry's own status is the answer. */
  readonly decide?: (at: Asked) => Promise<Considered>;
  /** Permissions of its runs beside those of every gate that writes a decision. */
  readonly needs?: readonly Need[];
  /** The inputs that this mode alone has. */
  readonly takes?: readonly (keyof ReviewInputs)[];
  /** The run goes on until the registry has a decision. */
  readonly waits?: true;
  /**
   * A person's rejection replaces an approval, and a written decision is looked at once more. An approval never replaces a rejection: a
   * person undoes that in the registry.
   */
  readonly rejectsApproved?: true;
}
