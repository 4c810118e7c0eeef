/** The order of the site's pages. The title of each is its first heading, unless it stands here. */
export interface Chapter {
  readonly text: string;
  readonly pages: readonly (string | readonly [page: string, title: string])[];
}

export const chapters: readonly Chapter[] = [
  {
    text: 'Begin',
    pages: [
      ['README.md', 'Overview'],
      'docs/getting-started.md',
      'docs/adopting.md',
      'docs/migration.md',
      'docs/rehearsing.md',
      'docs/recipes.md',
      'docs/troubleshooting.md',
      'docs/upgrading.md',
    ],
  },
  {
    text: 'On GitHub',
    pages: [
      'docs/workflows.md',
      'docs/github-flow.md',
      'docs/gitflow.md',
      'docs/model-events.md',
      ['docs/github.md', 'Comments, checks, deployments'],
      ['examples/github-flow/README.md', 'Example: GitHub Flow'],
      ['examples/gitflow/README.md', 'Example: Gitflow'],
    ],
  },
  {
    text: 'In AWS CodeSuite',
    pages: [
      ['codebuild/README.md', 'CodePipeline and CodeBuild'],
      ['docs/codepipeline.md', 'A pipeline from nothing'],
      ['codebuild/templates/README.md', 'Templates'],
      ['docs/codedeploy.md', 'Lambda functions'],
      ['docs/ecs-service.md', 'Services of ECS'],
    ],
  },
  {
    text: 'Decide and deliver',
    pages: [
      'docs/versions.md',
      'docs/packages.md',
      'docs/approval.md',
      'docs/evidence.md',
      'docs/regression.md',
      'docs/judge.md',
      'docs/rejections.md',
      'docs/fleets.md',
      'docs/accounts.md',
      'docs/separation-of-duties.md',
    ],
  },
  {
    text: 'Look',
    pages: [
      'docs/status.md',
      'docs/notifications.md',
      'docs/history.md',
      'docs/how-it-works.md',
      'docs/release-record.md',
      'docs/printing.md',
    ],
  },
  {
    text: 'Reference',
    pages: [
      'docs/manifest.md',
      'docs/command-line.md',
      'docs/reason-codes.md',
      'docs/endpoint-kinds.md',
      ['docs/permissions/README.md', 'Permissions'],
      ['actions/register-model/README.md', 'register-model'],
      ['actions/approve-gate/README.md', 'approve-gate'],
      ['actions/regression-test/README.md', 'regression-test'],
      ['actions/deploy-endpoint/README.md', 'deploy-endpoint'],
      ['actions/shift-traffic/README.md', 'shift-traffic'],
      ['actions/rollback/README.md', 'rollback'],
    ],
  },
  {
    text: 'Trust',
    pages: [
      'docs/rules.md',
      'docs/threat-model.md',
      'docs/reliability.md',
      'docs/performance.md',
      ['docs/judge-results.md', 'The judge, measured'],
      'docs/simulator.md',
      ['docs/simulator-members.md', 'Members of the simulator'],
      ['simulator/fixtures/README.md', 'Models of the simulator'],
      'docs/probe.md',
    ],
  },
  {
    text: 'The project',
    pages: ['CHANGELOG.md', 'docs/releases.md', 'CONTRIBUTING.md', 'SECURITY.md'],
  },
];

/** The pages that no reader finds: a page without a chapter stands in no list at the side. */
export const pagesWithoutChapter = (pages: readonly string[]): readonly string[] => {
  const listed = new Set(
    chapters.flatMap(({ pages }) => pages.map((page) => (typeof page === 'string' ? page : page[0]))),
  );
  return pages.filter((page) => !listed.has(page));
};
