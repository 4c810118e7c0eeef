import { duration, type Instant } from '../../clock.ts';
import { counted, percent } from '../../judge/amounts.ts';
import { oneLine } from '../../plain-text.ts';
import type { Comparison, EnvironmentStatus, ReleaseStatus, Status, VariantStatus } from './status.ts';

/** The status for a terminal: some lines for each environment. Foreign text stands on lines of its own. */
export const statusAsText = ({ environments, at }: Status): string =>
  environments.map((one) => linesOf(one, Date.parse(at)).map(oneLine).join('\n')).join('\n\n');

const linesOf = (one: EnvironmentStatus, now: Instant): readonly string[] => {
  const place = `${one.environment} (${one.endpoint})`;
  if (one.unreadable !== undefined) {
    const { outcome, 'reason-code': code, because } = one.unreadable;
    return [`${place}: could not be read: ${outcome}/${code}: ${because}`];
  }
  return [
    `${place}: ${one.state === 'absent' ? 'there is no such endpoint yet' : (one.state ?? 'found')}`,
    ...(one['failure-reason'] === undefined ? [] : [`  ${one['failure-reason']}`]),
    ...(one.serving ?? []).map((variant) => `  ${servingLine(variant)}`),
    ...(one.configuration === undefined ? [] : [`  ${originLine(one, one.configuration, now)}`]),
    ...(one.update === undefined ? [] : [`  ${updateLine(one.update, one.state, now)}`]),
    ...releaseLines(one.live, now).map((line) => `  ${line}`),
    ...(one.manifest === undefined ? [] : [`  ${manifestLine(one.manifest)}`]),
  ];
};

/** `1.4.0 serves 100 % on 4 instances (variant live)`. */
const servingLine = ({ name, version, model, share, instances }: VariantStatus): string => {
  const content =
    version ?? (model === undefined ? 'an unknown model' : `model ${model}, of no version in the registry,`);
  const part = share === undefined ? 'is there' : share === 0 ? 'has no traffic' : `serves ${percent(share)}`;
  return `${content} ${part}${instances === undefined ? '' : ` on ${instancesOf(instances)}`} (${name})`;
};

const instancesOf = ({ running, wanted }: NonNullable<VariantStatus['instances']>): string =>
  running === wanted ? counted(running, 'instance') : `${running} of ${counted(wanted, 'instance')}`;

const originLine = ({ since, release }: EnvironmentStatus, configuration: string, now: Instant): string => {
  const by = release === undefined ? '' : `by release ${release}`;
  if (since !== undefined) return `${configuration}: since ${since} (${ago(since, now)})${by && `, ${by}`}`;
  return `${configuration}: ${by ? `brought ${by}` : 'no release of this suite brought it'}`;
};

const updateLine = (
  { to, 'started-at': startedAt, phases }: NonNullable<EnvironmentStatus['update']>,
  state: string | undefined,
  now: Instant,
): string =>
  `${state === 'Creating' ? 'creation with' : 'update to'} ${to} under way${startedAt === undefined ? '' : ` since ${startedAt} (${ago(startedAt, now)})`}${phases.length === 0 ? '' : `: ${phases.join(', ')}`}`;

const releaseLines = (live: ReleaseStatus | undefined, now: Instant): readonly string[] => {
  if (live === undefined) return ['no release is under way'];
  const share = live.share === undefined ? '' : `, ${percent(live.share)} of the traffic`;
  return [
    `${live.operation} of ${live.version} is ${live.phase} since ${live['started-at']} (${ago(live['started-at'], now)})${share}: release ${live.id}`,
    holderLine(live),
    ...[[live.actor && `started by ${live.actor}`, live.run].filter(Boolean).join(', ')].filter(Boolean),
    ...live.commands.map(({ command, by, at, why }) => `${command} by ${by} at ${at}: ${why}`),
  ];
};

const holderLine = ({ 'held-by': heldBy, holder, until }: ReleaseStatus): string => {
  if (heldBy === 'run') return `held by ${holder}, which has to show a sign of life by ${until}`;
  if (heldBy === 'aws') return `AWS carries it out under its alarms; a run has to verify its end by ${until}`;
  return `no run holds it since ${until}: rollback with only-expired brings it to its end`;
};

const manifestLine = ({ agrees, because }: Comparison): string =>
  agrees === 'unknown' ? `manifest: not compared: ${because}` : `manifest: ${because}`;

const ago = (instant: string, now: Instant): string => duration(Math.max(0, now - Date.parse(instant)));
