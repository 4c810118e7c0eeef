/** An event that starts the workflow, as `--event` names it. */
export type Event =
  | { readonly is: 'push'; readonly written: string; readonly branch?: string }
  | { readonly is: 'tag'; readonly written: string; readonly tag: string }
  | { readonly is: 'pull_request' | 'workflow_dispatch'; readonly written: string }
  | { readonly is: 'repository_dispatch'; readonly written: string; readonly type: string };

export const eventsAllowed = 'push, push:BRANCH, tag:NAME, pull_request, workflow_dispatch or repository_dispatch:TYPE';

/** undefined for another text. */
export const readEvent = (written: string): Event | undefined => {
  const [, is = '', argument] = /^([a-z_]+)(?::(\S+))?$/.exec(written) ?? [];
  if (argument !== undefined && !/^[\w][\w./+-]{0,199}$/.test(argument)) return undefined;
  if (is === 'push') return { is, written, ...(argument === undefined ? {} : { branch: argument }) };
  if (is === 'tag' && argument !== undefined) return { is, written, tag: argument };
  if (is === 'repository_dispatch' && argument !== undefined) return { is, written, type: argument };
  if ((is === 'pull_request' || is === 'workflow_dispatch') && argument === undefined) return { is, written };
  return undefined;
};

/** The name under `on:` in a workflow. */
export const triggerOf = ({ is }: Event): string => (is === 'tag' ? 'push' : is);

export interface Head {
  /** `acme/churn`. */
  readonly repository: string;
  readonly branch: string;
  readonly main: string;
  readonly commit: string;
  /** The decision that SageMaker reports, for a `repository_dispatch`. */
  readonly decision?: object;
}

/** The parts of GitHub's payload that the suite and act read. */
export const payloadOf = (event: Event, head: Head): object => {
  const [owner = '', name = ''] = head.repository.split('/');
  const repository = {
    full_name: head.repository,
    name,
    owner: { login: owner },
    default_branch: head.main,
    fork: false,
  };
  const sender = { login: 'rehearsal' };
  const ref = `refs/heads/${head.branch}`;
  switch (event.is) {
    case 'push':
      return { ref, after: head.commit, repository, sender };
    case 'tag':
      return { ref: `refs/tags/${event.tag}`, after: head.commit, repository, sender };
    case 'pull_request': {
      const repo = { full_name: head.repository, fork: false };
      const pull = {
        number: 1,
        head: { ref: head.branch, sha: head.commit, repo },
        base: { ref: head.main, sha: head.commit, repo },
      };
      return { action: 'opened', number: 1, pull_request: pull, repository, sender };
    }
    case 'workflow_dispatch':
      return { ref, inputs: {}, repository, sender };
    case 'repository_dispatch':
      return { action: event.type, client_payload: head.decision ?? {}, repository, sender };
  }
};
