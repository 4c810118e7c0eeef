import type { Protection } from '../../github/environments.ts';
import { type Job, jobsOf, type Step, usesOf, type WorkflowText } from './workflow-jobs.ts';

/** A job that moves a version to an endpoint, and the GitHub environment that guards it, if any. */
interface Delivery {
  readonly job: string;
  readonly environment?: string;
}

/**
 * For a version registered as `Approved`, the reviewers of the delivery's GitHub environment are the only approval. One warning for each
 * such environment that has none, or that could not be read.
 * @param look reads it from GitHub; undefined without a token
 */
export const approvalWarnings = async (
  workflows: readonly WorkflowText[],
  look?: (environment: string) => Promise<Protection>,
): Promise<readonly string[]> => {
  const warnings = workflows.flatMap(({ path, text }) =>
    deliveriesApprovedOnRegistration(jobsOf(text)).map(async ({ job, environment }) => {
      const problem = await unreviewed(environment, look);
      return problem === undefined
        ? []
        : [
            `${path}, job ${job}: the version is registered as Approved, and ${problem}. Add required reviewers, or register it as PendingManualApproval`,
          ];
    }),
  );
  return (await Promise.all(warnings)).flat();
};

const unreviewed = async (
  environment: string | undefined,
  look: ((environment: string) => Promise<Protection>) | undefined,
): Promise<string | undefined> => {
  if (environment === undefined) return 'the job has no GitHub environment: anyone who can push can deploy';
  if (environment.includes('${{'))
    return `only the reviewers of the GitHub environment ${environment} decide, and its name is known only when the workflow runs: check that each such environment has some`;
  const unseen = `only the reviewers of the GitHub environment ${environment} decide`;
  if (look === undefined)
    return `${unseen}: check that it has some (with GITHUB_TOKEN and GITHUB_REPOSITORY set, lint checks it on GitHub)`;
  const protection = await look(environment);
  switch (protection.is) {
    case 'reviewed':
      return undefined;
    case 'unreviewed':
      return `the GitHub environment ${environment} has no required reviewers: anyone who can push can deploy`;
    case 'absent':
      return `there is no GitHub environment ${environment}: GitHub creates it without reviewers, so anyone who can push can deploy`;
    case 'unknown':
      return `${unseen}, and GitHub did not show whether it has some (${protection.because})`;
  }
};

/** Empty where every registration leaves the approval to the registry. */
const deliveriesApprovedOnRegistration = (jobs: Readonly<Record<string, Job>>): readonly Delivery[] => {
  const entries = Object.entries(jobs);
  const flows = entries.flatMap(([job, part]) => {
    const environment = approvedByFlow(part);
    return environment === undefined ? [] : [{ job, environment }];
  });
  const registers = entries.some(([, job]) => partsOf(job).some(isApprovedOnRegistration));
  if (!registers) return flows;
  const deliveries = entries.flatMap(([name, job]) =>
    partsOf(job)
      .filter(delivers)
      .slice(0, 1)
      .map((part): Delivery => {
        const environment = part === job ? guardOfCall(part) : nameOf(job.environment);
        return environment === undefined ? { job: name } : { job: name, environment };
      }),
  );
  return [...flows, ...deliveries];
};

/** The reusable workflows of whole repositories, by the input for the approval that reaches production. */
const flows = [
  { file: /(^|\/)github-flow\.ya?ml(@|$)/, input: 'approval-status', default: 'Approved' },
  { file: /(^|\/)gitflow\.ya?ml(@|$)/, input: 'final-approval-status', default: 'PendingManualApproval' },
] as const;

/** Production of a flow that registers as approved; its other environments are there to come before a decision. */
const approvedByFlow = (part: Step): string | undefined => {
  const flow = flows.find(({ file }) => file.test(usesOf(part)));
  const given = part.with ?? {};
  return flow && /\bApproved\b/.test(String(given[flow.input] ?? flow.default))
    ? (nameOf(given['production']) ?? 'production')
    : undefined;
};

/** A job calls a workflow, or has steps. */
const partsOf = (job: Job): readonly Step[] => (job.uses === undefined ? stepsOf(job) : [job]);

const stepsOf = ({ steps }: Job): readonly Step[] =>
  Array.isArray(steps) ? steps.filter((step: unknown) => typeof step === 'object' && step !== null) : [];

const isCall = (part: Step): boolean => /(^|\/)deliver\.ya?ml(@|$)/.test(usesOf(part));
const isAction = (part: Step, name: string): boolean => new RegExp(`(^|/)${name}(@|$)`).test(usesOf(part));
const isTrue = (value: unknown): boolean => String(value) === 'true';

const isApprovedOnRegistration = (part: Step): boolean =>
  (isCall(part) || isAction(part, 'register-model')) && /\bApproved\b/.test(String(part.with?.['approval-status']));

const delivers = (part: Step): boolean =>
  (isCall(part) ? !isTrue(part.with?.['rollback']) : isAction(part, 'deploy-endpoint')) &&
  !isTrue(part.with?.['dry-run']);

/** `github-environment` of the reusable workflow is its `environment` where it is left out. */
const guardOfCall = (part: Step): string | undefined =>
  nameOf(part.with?.['github-environment']) ?? nameOf(part.with?.['environment']);

const nameOf = (environment: unknown): string | undefined => {
  const name =
    typeof environment === 'object' && environment !== null && 'name' in environment ? environment.name : environment;
  return typeof name === 'string' && name !== '' ? name : undefined;
};
