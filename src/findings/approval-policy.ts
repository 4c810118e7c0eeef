/** The rules of `approval.policy`, decided about one version. Names in them are foreign text. */
export interface ApprovalPolicy {
  readonly is: 'approval-policy';
  /** In the order of the manifest. */
  readonly rules: readonly DecidedRule[];
}

export interface DecidedRule {
  /** The rule: `recall at least 0.6`. */
  readonly rule: string;
  /** `open`: its value cannot be computed. `left-out`: nothing serves that it could compare with, and the manifest has `first: pass`. */
  readonly ruling: 'holds' | 'broken' | 'open' | 'left-out';
  /** Of the version. Absent where it is not known, or where the rule is about no number. */
  readonly value?: number;
  /** Of the rule; of a comparison the least or largest value that it allows. */
  readonly limit?: number;
  /** The value that it was compared with, of the version that serves for instance. */
  readonly beside?: number;
  /** A sentence without its full stop: the figures, or the reason why there are none. */
  readonly because: string;
}
