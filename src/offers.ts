import type { ReasonCode } from './reason-codes.ts';

/** An operation's entry in the hosts' lists and the documents; the operation itself declares its work and its inputs. */
export interface Offer {
  /** A line of the README's table; Markdown, links from the root of the repository. */
  readonly does: string;
  /** Of its custom action type: CodePipeline's guide allows build, deploy, test and invoke. */
  readonly category: 'Deploy' | 'Test' | 'Invoke';
  /** Of its GitHub Action, as the Marketplace shows it. */
  readonly branding: { readonly icon: string; readonly color: string };
  /** On the command line. */
  readonly examples: readonly Example[];
  /** Absent where a run changes no endpoint. */
  readonly undo?: Undo;
}

/** The way to undo a run: an operation, and its inputs from the inputs and outputs of the run. */
export interface Undo {
  /** The reasons after which there is something to undo. */
  readonly after: readonly ReasonCode[];
  /** An output of the run; without a value there is no earlier state to go back to. */
  readonly needs: string;
  readonly by: string;
  /** Inputs that both operations have. */
  readonly keeps: readonly string[];
  /** Inputs of `by`, each from the first output of the run that has a value. */
  readonly sets: Readonly<Record<string, readonly string[]>>;
}

export interface Example {
  /** After `model-delivery`, the command included. */
  readonly line: string;
  readonly does: string;
}

const byRollback = { needs: 'previous-endpoint-config', by: 'rollback', keeps: ['manifest', 'environment'] } as const;

/** Every operation, in the order in which a delivery needs them: the one list of their names. */
export const offers = {
  'register-model': {
    does: 'registers a version: image pinned to its digest, artifact copied to a key that is never overwritten, metrics, commit, run',
    category: 'Invoke',
    branding: { icon: 'archive', color: 'blue' },
    examples: [
      {
        line: 'register-model --environment production --version 1.4.0 --training-job churn-2026-01-05 --evaluation evaluation.json',
        does: 'Registers the model of a training job.',
      },
      {
        line: 'register-model --environment production --version 1.4.0 --image 111122223333.dkr.ecr.eu-west-1.amazonaws.com/churn:1.4.0 --artifact s3://ml-training/churn/model.tar.gz --dry-run',
        does: 'Prints the version without registering it.',
      },
    ],
  },
  'approve-gate': {
    does: 'passes when the version is approved: in the registry, by reviews or comments at GitHub, or [by a policy over its metrics](docs/approval.md); shows the evidence before a person decides',
    category: 'Test',
    branding: { icon: 'check-square', color: 'yellow' },
    examples: [
      {
        line: 'approve-gate --environment production --version 1.4.0',
        does: 'Exits with 0 when the version is approved.',
      },
      {
        line: 'approve-gate --environment production --version 1.4.0 --mode policy',
        does: 'Approves or rejects it by `approval.policy` of the manifest.',
      },
    ],
  },
  'regression-test': {
    does: 'lets the new version and the one that serves answer the same golden rows, and [decides with confidence](docs/regression.md) whether it is worse',
    category: 'Test',
    branding: { icon: 'bar-chart-2', color: 'purple' },
    examples: [
      {
        line: 'regression-test --environment production --version 1.4.0',
        does: 'Tests the version against the one that serves; exits with 0 when it passes.',
      },
      {
        line: 'regression-test --environment production --version 1.4.0 --dry-run',
        does: 'Prints the requests and the temporary endpoint without making them.',
      },
      {
        line: 'regression-test --environment production --predictions new.jsonl --baseline-predictions old.jsonl',
        does: 'Decides about files of predictions, without AWS; for a pull request.',
      },
    ],
  },
  'deploy-endpoint': {
    does: 'creates or updates the endpoint under alarms of its own, supervises it until the result is verified',
    category: 'Deploy',
    branding: { icon: 'upload-cloud', color: 'green' },
    examples: [
      {
        line: 'deploy-endpoint --environment production --version 1.4.0',
        does: 'Deploys and waits for the verified end.',
      },
      {
        line: 'deploy-endpoint --environment production --version 1.4.0 --no-wait --json',
        does: 'Takes the turns that are due and exits with 3 while the release goes on.',
      },
    ],
    undo: { ...byRollback, after: ['delivered'], sets: {} },
  },
  'shift-traffic': {
    does: 'with `strategy: steps`: moves the traffic to the new version on [proof of health](docs/judge.md), and back on evidence of harm',
    category: 'Deploy',
    branding: { icon: 'sliders', color: 'orange' },
    examples: [
      { line: 'shift-traffic --environment production --version 1.4.0', does: 'Walks the steps to the end.' },
      {
        line: "shift-traffic --environment production --version 1.4.0 --operation pause --because 'looking at the logs'",
        does: 'Holds the share of the run that walks the steps.',
      },
    ],
    undo: { ...byRollback, after: ['delivered'], sets: {} },
  },
  rollback: {
    does: 'takes the endpoint back to the last version that served well, or to a named one',
    category: 'Deploy',
    branding: { icon: 'rotate-ccw', color: 'red' },
    examples: [
      {
        line: "rollback --environment production --because 'wrong prices since noon'",
        does: 'Goes back to the last version that served well.',
      },
      { line: 'rollback --environment production --to 1.3.0', does: 'Goes back to a named version.' },
      {
        line: 'rollback --rejected 1.4.0',
        does: 'In every environment: takes a version back that is rejected in the registry.',
      },
      { line: 'rollback --event event.json', does: 'The same for an event of EventBridge; the registry decides.' },
    ],
    // A configuration of others has no version.
    undo: { ...byRollback, after: ['restored'], sets: { to: ['previous-version', 'previous-endpoint-config'] } },
  },
} as const satisfies Readonly<Record<string, Offer>>;
