import { usualNames, type VersionNames } from '../../manifest/versions.ts';
import { jobsOf, usesOf, type WorkflowText } from './workflow-jobs.ts';

/** The reusable workflows that register the commits of branches, and their inputs that name these; each has a default of the same name. */
const flows = [
  { file: /(^|\/)github-flow\.ya?ml(@|$)/, inputs: ['main'] },
  { file: /(^|\/)gitflow\.ya?ml(@|$)/, inputs: ['main', 'develop', 'release', 'hotfix'] },
] as const;

/**
 * One warning for each branch that a workflow and `versions` of its manifest name differently: the version of a commit is derived from the manifest's
 * names, and a branch that it does not know is one of a feature.
 * @param namesIn `versions` of the manifest at a path; undefined for a manifest that is linted by itself
 */
export const branchWarnings = (
  workflows: readonly WorkflowText[],
  namesIn: (manifest: string) => VersionNames | undefined,
): readonly string[] =>
  workflows.flatMap(({ path, text }) =>
    Object.entries(jobsOf(text)).flatMap(([job, call]) => {
      const given = call.with ?? {};
      const manifest = String(given['manifest'] ?? 'delivery.yml');
      const flow = flows.find(({ file }) => file.test(usesOf(call)));
      if (flow === undefined) return [];
      const versions = namesIn(manifest);
      if (versions === undefined) return [];
      return flow.inputs.flatMap((input) => {
        const named = String(given[input] ?? usualNames[input]);
        // Known only when the workflow runs.
        if (named === versions[input] || named.includes('${{')) return [];
        return [
          `${path}, job ${job}: \`${input}\` is ${named} there, and \`versions.${input}\` of ${manifest} is ${versions[input]}: commits of that branch would be registered as versions of another kind. Give both the same name`,
        ];
      });
    }),
  );
