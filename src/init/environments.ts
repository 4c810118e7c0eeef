import { rollbackOf, type Setup, type Stage, stagesOf } from './setup.ts';

/** A GitHub environment to make, with the branches and tags whose jobs may use it. */
export interface GitHubEnvironment {
  readonly name: string;
  readonly for: string;
  readonly reviewers: string;
  readonly branches: readonly string[];
  readonly tags: readonly string[];
}

/** Each environment of the manifest, and its `-rollback`, which has no reviewers. */
export const environmentsOf = (setup: Setup): readonly GitHubEnvironment[] => {
  const { flow, model, branches, dev, production } = setup;
  const isGitflow = flow === 'gitflow';
  const from = (stage: Stage): Pick<GitHubEnvironment, 'branches' | 'tags'> => {
    // The event of an approval runs on the default branch.
    if (stage === production) return { branches: [branches.byDefault], tags: [`${model}_v*`] };
    if (!isGitflow) return { branches: [branches.main], tags: [] };
    return { branches: stage === dev ? [branches.develop] : ['release/*', 'hotfix/*'], tags: [] };
  };
  return stagesOf(setup).flatMap((stage) => [
    {
      name: stage.name,
      for: `deliveries to ${stage.name}`,
      reviewers:
        stage === production
          ? `**required**: up to six people or teams; ${isGitflow ? 'beside the approval in the registry' : 'the only approval'}`
          : 'none',
      ...from(stage),
    },
    {
      name: rollbackOf(stage),
      for: `rollbacks, rejections and the watchdog of ${stage.name}`,
      reviewers: 'none: a rollback must not wait',
      branches: [branches.byDefault],
      tags: [],
    },
  ]);
};
