import { shellWord } from '../plain-text.ts';
import { environmentsOf, type GitHubEnvironment } from './environments.ts';
import { isServer, issuerOf, type Repository } from './repository.ts';
import { type DeliveryRole, rolesOf } from './roles.ts';
import { flowTitles, pageAt, plannerOf, rollbackOf, type Setup, testerOf } from './setup.ts';

/** The folder of everything that is made outside of the repository. */
export const setupFolder = 'delivery';

/** A folder for each role. */
export const rolesFolder = `${setupFolder}/roles`;

/** What has to be made at AWS and at GitHub, with the commands that make it. */
export const readme = (setup: Setup): string => {
  const { flow, model, account, repository } = setup;
  const link = (text: string, page: string): string => `[${text}](${pageAt(setup, page)})`;
  return `${[
    `# The delivery of ${model}`,
    '',
    `\`model-delivery init\` wrote this repository for ${link(flowTitles[flow], `docs/${flow}.md`)}: \`delivery.yml\`, the workflows in \`.github/workflows\`, and this folder.`,
    `The workflows need a bucket and roles in the account ${account.id}, and environments in \`${repository.owner}/${repository.name}\`. Nothing of that is made yet.`,
    `An administrator makes them once, in this order, with the AWS CLI, the GitHub CLI and \`model-delivery\`.`,
    '',
    '## 1. GitHub environments',
    '',
    ...environmentPart(setup),
    '',
    '## 2. Identity provider and roles',
    '',
    ...rolePart(setup, link),
    '',
    '## 3. Bucket',
    '',
    ...bucketPart(setup, link),
    '',
    '## 4. First release',
    '',
    ...releasePart(setup, link),
  ].join('\n')}\n`;
};

type Link = (text: string, page: string) => string;

const code = (name: string): string => `\`${name}\``;
const shell = (...lines: readonly string[]): readonly string[] => ['```sh', ...lines, '```'];

const atHost = ({ host }: Repository): string => (host === 'github.com' ? '' : ` --hostname ${host}`);

const environmentPart = (setup: Setup): readonly string[] => {
  const { repository, production } = setup;
  const environments = environmentsOf(setup);
  return [
    `GitHub makes an environment that does not exist when a job first names it: without reviewers, and for every branch. So make these before the roles.`,
    '',
    '| environment | for | reviewers | branches and tags |',
    '| --- | --- | --- | --- |',
    ...environments.map(
      ({ name, for: use, reviewers, branches, tags }) =>
        `| ${code(name)} | ${use} | ${reviewers} | ${[...branches.map(code), ...tags.map((tag) => `the tags ${code(tag)}`)].join(', ')} |`,
    ),
    '',
    ...shell(...environments.flatMap((one) => environmentCommands(repository, one))),
    '',
    `Then name the reviewers of ${code(production.name)}: *Settings → Environments → ${production.name} → Required reviewers*. Reviewers exist for public repositories and, for private ones, with GitHub Enterprise.`,
  ];
};

const environmentCommands = (
  repository: Repository,
  { name, branches, tags }: GitHubEnvironment,
): readonly string[] => {
  const api = `gh api${atHost(repository)} --silent`;
  const path = `repos/${repository.owner}/${repository.name}/environments/${name}`;
  const policies = `${path}/deployment-branch-policies`;
  return [
    `${api} --method PUT ${path} -F 'deployment_branch_policy[protected_branches]=false' -F 'deployment_branch_policy[custom_branch_policies]=true'`,
    ...branches.map((branch) => `${api} --method POST ${policies} -f type=branch -f name=${shellWord(branch)}`),
    ...tags.map((tag) => `${api} --method POST ${policies} -f type=tag -f name=${shellWord(tag)}`),
  ];
};

const rolePart = (setup: Setup, link: Link): readonly string[] => {
  const { repository } = setup;
  return [
    `${code(rolesFolder)} has a folder for each role: its trust policy, and its managed policies with ${link('the least privilege', 'docs/permissions/README.md')}. Attach nothing else to a role.`,
    '',
    '| role | | assumed by jobs |',
    '| --- | --- | --- |',
    ...rolesOf(setup).map(({ name, does, jobs }: DeliveryRole) => `| ${code(name)} | ${does} | ${jobs} |`),
    '',
    `A job of a pull request can become the planner, and the planner may register a version as \`Approved\`. Push access is enough to register; the reviewers of ${code(setup.production.name)} decide (${link('roles and their trust policies', 'docs/workflows.md#roles-and-their-trust-policies')}).`,
    ...(repository.ids === undefined && !isServer(repository)
      ? [
          '',
          `**Numbers.** In repositories made on or after 2026-07-15 GitHub's identity tokens name owner and repository with their numbers. These trust policies do not have that form. Add it before you make the roles:`,
          '',
          ...shell(
            `gh api${atHost(repository)} repos/${repository.owner}/${repository.name} --jq '"\\(.owner.id)/\\(.id)"'    # then init once more, with --repository-ids and --force`,
          ),
        ]
      : []),
    '',
    ...shell(
      '# Once for an account; leave it out where the account has it already.',
      `aws iam create-open-id-connect-provider --url https://${issuerOf(repository)} --client-id-list sts.amazonaws.com`,
      '',
      `for role in ${setupFolder}/roles/*; do`,
      '  name=$(basename "$role")',
      '  aws iam create-role --role-name "$name" --assume-role-policy-document "file://$role/trust.json"',
      '  for policy in "$role"/*.json; do',
      '    part=$(basename "$policy" .json)',
      '    [ "$part" = trust ] && continue',
      '    arn=$(aws iam create-policy --policy-name "$name-$part" --policy-document "file://$policy" --query Policy.Arn --output text)',
      '    aws iam attach-role-policy --role-name "$name" --policy-arn "$arn"',
      '  done',
      'done',
    ),
    '',
    `With \`candidate: dark-variant\` in \`regression:\` of the manifest the deploying job tests. Then attach the policies \`regression-test-…\` of the tester to the deployer, too.`,
  ];
};

const bucketPart = (setup: Setup, link: Link): readonly string[] => {
  const { production, shared, account, remarks } = setup;
  const { bucket, prefix } = shared.releases;
  const writers = rolesOf(setup).map(({ name }) => name);
  return [
    `${code(bucket)} holds the release records and the registered artifacts. Only these roles may write to it (${link('the release record', 'docs/release-record.md')}).`,
    '',
    ...shell(
      `npx model-delivery create-bucket --environment ${production.name} --writers ${shellWord(writers.join(' '))}`,
    ),
    '',
    ...(remarks?.map((remark) => `- ${remark}`) ?? [
      `The execution role ${code(shared.executionRole)} has to read the artifacts (\`s3:GetObject\` on \`arn:${account.partition}:s3:::${bucket}/${prefix}artifacts/*\`) and the image.`,
    ]),
  ];
};

const releasePart = (setup: Setup, link: Link): readonly string[] => {
  const { flow, model, branches, dev, staging, production, trainingJob } = setup;
  const job =
    trainingJob === undefined
      ? `Write the name of a finished training job into \`training-job.txt\``
      : `\`training-job.txt\` has the name of the training job`;
  const tag = `git tag ${model}_v1.0.0 && git push origin ${model}_v1.0.0`;
  const rest = [
    `- **Roles in the workflows.** ${code(plannerOf(setup))} plans and registers, ${code(testerOf(setup))} tests; the other roles stand in \`delivery.yml\`.`,
    `- **The watchdog** and the events of the registry run on the default branch, ${code(branches.byDefault)}: merge the workflows there. ${code(rollbackOf(production))} is where they go back.`,
    ...(branches.byDefault === branches.main
      ? []
      : [
          `- **An approval in the registry** delivers to ${production.name} with the \`delivery.yml\` of ${code(branches.byDefault)}, where the next release is prepared. Make ${code(branches.main)} the default branch (*Settings → General*) and run \`init\` again, so that it is that of the release.`,
        ]),
    ...(isServer(setup.repository)
      ? [
          `- **${setup.repository.host}** needs the copy of the suite that is made for servers: ${link('GitHub Enterprise Server', 'docs/workflows.md#github-enterprise-server-and-pinning')}.`,
        ]
      : []),
    `- **Events of the registry** reach \`on-model-event.yml\` through EventBridge: ${link('decisions in the registry', 'docs/model-events.md')} has the template.`,
    `- **An endpoint that others made** serves a version that is not registered yet: ${link('adopting', 'docs/adopting.md')} has the way from there.`,
  ];
  return [
    ...(flow === 'github-flow'
      ? [
          `1. ${job}, and push it with everything else to ${code(branches.main)}. The push registers the version${dev === undefined ? '' : `, delivers it to ${dev.name}`} and delivers it to ${staging.name}. The summary has its number.`,
          `2. Tag the commit with that number, for 1.0.0 by \`${tag}\`. The reviewers of ${code(production.name)} get the plan, and approve.`,
        ]
      : [
          `1. ${job}, and push it with everything else to ${code(branches.develop)}${dev === undefined ? '' : `, which is delivered to ${dev.name}`}.`,
          `2. Push a branch \`release/1.0.0\` with a commit that changes \`training-job.txt\` or \`delivery.yml\`: its candidate \`1.0.0-rc.1\` is delivered to ${staging.name}.`,
          `3. Merge it into ${code(branches.main)} with a merge commit, and tag the merge: \`${tag}\`. The final version waits for its approval in the registry (in SageMaker Studio, for instance), and then for the reviewers of ${code(production.name)}.`,
          `4. The pull request back to ${code(branches.develop)} needs the secret \`BACK_MERGE_TOKEN\`: a token of a GitHub App with \`contents: read\` and \`pull-requests: write\`. Without the secret the job's own token opens it, where *Settings → Actions → General → Allow GitHub Actions to create and approve pull requests* is on (in a new repository it is off), and no workflow starts for it.`,
        ]),
    '',
    ...rest,
  ];
};
