import { hostname, userInfo } from 'node:os';
import { isCommitDigest } from '../digest.ts';
import type { Env } from '../env.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { HostName, Run, WorkflowOfRun } from '../world.ts';
import { threadIn } from './occasion.ts';

/** The run and its holder, from the variables of the runner, CodeBuild or the shell. */
export const runFrom = (env: Env, host: HostName): Run => {
  if (env['GITHUB_RUN_ID']) return githubRun(env, host);
  if (env['CODEBUILD_BUILD_ID']) return codebuildRun(env, host);
  return { host, holder: `${host}/${userName()}@${hostname()}` };
};

/** Whether others can read the output of this process: the log of a CI job. */
export const isPublic = (env: Env): boolean =>
  Boolean(env['GITHUB_ACTIONS'] || env['CODEBUILD_BUILD_ID'] || (env['CI'] && env['CI'] !== 'false'));

/** The attempt number is left out of the holder: a re-run of the same job takes its own lease over. */
const githubRun = (env: Env, host: HostName): Run => {
  const repository = env['GITHUB_REPOSITORY'] ?? '';
  const id = env['GITHUB_RUN_ID'] ?? '';
  const server = env['GITHUB_SERVER_URL'] ?? 'https://github.com';
  return {
    host,
    holder: `github/${repository}/${id}/${env['GITHUB_JOB'] ?? ''}`,
    url: `${server}/${repository}/actions/runs/${id}`,
    ...given({ repository, commit: env['GITHUB_SHA'], ref: env['GITHUB_REF'], actor: env['GITHUB_ACTOR'] }),
    ...withoutUndefined({ workflow: workflowIn(env, id), thread: threadIn(env) }),
  };
};

const workflowIn = (env: Env, id: string): WorkflowOfRun | undefined =>
  /^\d+$/.test(id)
    ? {
        id: Number(id),
        ...(env['GITHUB_EVENT_NAME'] === 'issue_comment' ? { byComment: true } : {}),
        ...withoutUndefined({
          hosted: (env['RUNNER_ENVIRONMENT'] === 'github-hosted' && env['RUNNER_OS']) || undefined,
        }),
      }
    : undefined;

/** A retried build has another id; `CODEBUILD_INITIATOR` names the pipeline or person that a retry shares. */
const codebuildRun = (env: Env, host: HostName): Run => {
  const project = (env['CODEBUILD_BUILD_ID'] ?? '').split(':')[0];
  return {
    host,
    holder: `codebuild/${project}/${env['CODEBUILD_INITIATOR'] ?? ''}/${env['CODEBUILD_RESOLVED_SOURCE_VERSION'] ?? ''}`,
    ...given({
      url: env['CODEBUILD_BUILD_URL'],
      commit: env['CODEBUILD_RESOLVED_SOURCE_VERSION'],
      ref: env['CODEBUILD_WEBHOOK_HEAD_REF'] ?? env['CODEBUILD_SOURCE_VERSION'],
      actor: env['CODEBUILD_INITIATOR'],
    }),
    ...withoutUndefined({ thread: threadIn(env) }),
  };
};

/** A job of a pipeline, from its context. */
export interface PipelineJob {
  readonly region: string;
  readonly pipeline: string;
  readonly execution: string;
  readonly stage: string;
  readonly action: string;
  /** Revision of the first input artifact: a commit, when the source is a repository. */
  readonly revision?: string;
}

/** The action's own execution id is left out of the holder: a retried stage takes its own lease over. */
export const pipelineRun = ({ region, pipeline, execution, stage, action, revision = '' }: PipelineJob): Run => ({
  host: 'codepipeline',
  holder: `codepipeline/${pipeline}/${execution}/${stage}/${action}`,
  url: `https://${region}.console.aws.amazon.com/codesuite/codepipeline/pipelines/${pipeline}/executions/${execution}/timeline?region=${region}`,
  ...(isCommitDigest(revision) ? { commit: revision } : {}),
});

type Given = Partial<Record<'url' | 'repository' | 'commit' | 'ref' | 'actor', string>>;
const given = (facts: Partial<Record<keyof Given, string | undefined>>): Given =>
  Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined && value !== ''));

const userName = (): string => {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a number that has no name.
    return String(process.getuid?.() ?? 'unknown');
  }
};
