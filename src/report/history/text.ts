import { duration, seconds } from '../../clock.ts';
import { percent } from '../../judge/amounts.ts';
import { oneLine } from '../../plain-text.ts';
import type { History, ReleaseHistory, ServedHistory, VersionHistory } from './history.ts';
import { table } from './table.ts';

/**
 * The history for a terminal: the environments, the releases, the configurations that served, and the approvals.
 * @param width of the terminal; undefined: no limit
 */
export const historyAsText = (history: History, width?: number): string =>
  [
    history.environments.flatMap(environmentLines),
    section('releases', releaseTable(history.releases, width)),
    section('served', servedTable(history.served, width)),
    section('approvals', versionTable(history, width)),
  ]
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');

const section = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : [`${title}:`, ...lines];

const environmentLines = ({
  environment,
  endpoint,
  live,
  unreadable,
  'without-approvals': withoutApprovals,
}: History['environments'][number]): readonly string[] => {
  const place = `${environment} (endpoint ${endpoint})`;
  return [
    unreadable
      ? `${place}: could not be read: ${unreadable.outcome}/${unreadable['reason-code']}: ${unreadable.because}`
      : live === undefined
        ? `${place}: no release is live`
        : `${place}: ${live} is live`,
    ...(withoutApprovals === undefined ? [] : [`${place}: approvals are not known: ${withoutApprovals}`]),
  ].map(oneLine);
};

const releaseTable = (releases: readonly ReleaseHistory[], width: number | undefined): readonly string[] =>
  table(
    ['when', 'where', 'what', 'how it ended', 'share', 'took', 'who'],
    releases.map((release) => ({
      cells: [
        release['started-at'],
        `${release.environment}/${release.endpoint}`,
        `${release.operation} ${release.version}${release.from === undefined ? '' : ` after ${release.from}`}`,
        release.live === undefined
          ? `${release.outcome ?? '?'}/${release['reason-code'] ?? '?'}`
          : `live: ${release.live}`,
        release.share === undefined ? '' : percent(release.share),
        release.seconds === undefined ? '' : duration(seconds(release.seconds)),
        release.actor ?? release.holder ?? '',
      ],
      below: [
        ...(release.because ? [release.because] : []),
        ...(release.why ? [`reason given: ${release.why}`] : []),
        ...release.commands.map(({ command, by, at, why }) => `${command} by ${by} at ${at}: ${why}`),
        ...[[release.commit && `commit ${release.commit}`, release.run].filter(Boolean).join(', ')].filter(Boolean),
      ],
    })),
    width,
  );

const servedTable = (served: readonly ServedHistory[], width: number | undefined): readonly string[] =>
  table(
    ['from', 'until', 'where', 'version', 'endpoint config', ''],
    served.map((one) => ({
      cells: [
        one.from,
        one.until ?? 'now',
        `${one.environment}/${one.endpoint}`,
        one.version ?? '(not by this suite)',
        one['endpoint-config'],
        [one.good ? '' : 'not good', one.ended ?? ''].filter(Boolean).join(', '),
      ],
      below: [],
    })),
    width,
  );

/** The registry shows one change: the approval, or a later change of the package. */
const versionTable = ({ versions, environments }: History, width: number | undefined): readonly string[] => {
  const several = new Set(versions.map((one) => one.environments.join())).size > 1 && environments.length > 1;
  return table(
    ['version', 'approval', 'package last changed', 'by', 'stage', ...(several ? ['where'] : [])],
    versions.map((one) => ({
      cells: [
        `${one.version} (package ${one['package-version']})`,
        one.approval,
        one['last-modified-at'] ?? '',
        one['last-modified-by'] ?? '',
        stageOf(one),
        ...(several ? [one.environments.join(', ')] : []),
      ],
      below: [...(one.because ? [one.because] : []), ...originLines(one)],
    })),
    width,
  );
};

/** The own run of a version that was taken over stands before that of its source. */
const originLines = (one: VersionHistory): readonly string[] => {
  const { commit, run, 'taken-from': source, 'version-commit': ownCommit, 'version-run': ownRun } = one;
  const origin = (parts: readonly (string | undefined)[]): string => parts.filter(Boolean).join(', ');
  const facts = (of: string | undefined, by: string | undefined) => [of && `commit ${of}`, by];
  return source === undefined
    ? [origin(facts(commit, run))].filter(Boolean)
    : [origin(facts(ownCommit, ownRun)), origin([`taken from package ${source}`, ...facts(commit, run)])].filter(
        Boolean,
      );
};

const stageOf = ({ stage, 'stage-status': status }: VersionHistory): string =>
  stage === undefined ? '' : `${stage}/${status}`;
