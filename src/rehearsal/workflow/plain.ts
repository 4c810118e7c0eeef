/**
 * A workflow for programs older than GitHub's newest syntax (GitHub changelog 2026-05-07 and 2026-07-30): without `queue`, and with another
 * address in place of `$/`.
 * @param home `OWNER/REPO@REF`; without it every action comes from the workspace
 */
export const plain = (workflow: string, home?: string): string => {
  const [repository, ref] = home?.split('@') ?? [];
  const at = (path: string): string => (repository === undefined ? `./${path}` : `${repository}/${path}@${ref}`);
  return withoutQueue(workflow)
    .replace(/^(\s*(?:- )?uses: )\$\/(\S+)/gm, (_all, before: string, path: string) => before + at(path))
    .replace(/OWNER\/model-delivery\/((?:\.github\/workflows|actions)\/\S+)@v1/g, (_all, path: string) => at(path));
};

/** Both spellings: on a line of its own, and within `concurrency: { … }`. */
export const withoutQueue = (workflow: string): string =>
  workflow
    .replace(/^[ \t]+queue: *\w+ *(#.*)?\r?\n/gm, '')
    .replace(/^(\s*concurrency: *\{.*?), *queue: *\w+( *[,}])/gm, '$1$2')
    .replace(/^(\s*concurrency: *\{) *queue: *\w+ *,/gm, '$1');

/** As act can play it in virtual time: the clock has one participant, so the jobs of a matrix run one after another. */
export const playable = (workflow: string, home?: string): string => {
  const text = home === undefined ? withoutQueue(workflow) : plain(workflow, home);
  return text
    .replace(/^\s+max-parallel:.*\n/gm, '')
    .replace(/^(\s+)strategy:[ \t]*(#.*)?$/gm, (line, indent: string) => `${line}\n${indent}  max-parallel: 1`)
    .replace(/^(\s+strategy: *\{)/gm, '$1 max-parallel: 1,');
};
