import type { GitHub } from '../github/github.ts';
import { Refusal } from '../operation.ts';
import type { World } from '../world.ts';

/** @throws {Refusal} where the run has no GitHub to look at */
export const gitHubFor = (world: World, mode: string): GitHub => {
  if (world.github !== undefined) return world.github;
  throw new Refusal(
    'invalid-input',
    world.run.host === 'codepipeline'
      ? `mode: ${mode} reads GitHub, and a job of CodePipeline has no token for it; give this action mode: wait, and let people decide by mode: ${mode} in a workflow at GitHub or in the registry itself; or decide by rules, with mode: policy`
      : `mode: ${mode} reads GitHub, and this run has no token for a repository there; set ${world.run.host === 'github-actions' ? 'the input github-token, and leave GITHUB_REPOSITORY and GITHUB_API_URL as the runner sets them' : 'the variables GITHUB_TOKEN and GITHUB_REPOSITORY (acme/churn), and GITHUB_API_URL for GitHub Enterprise Server'}`,
  );
};
