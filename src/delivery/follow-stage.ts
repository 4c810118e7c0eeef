import { describe, isRefused } from '../aws/errors.ts';
import { Throttled } from '../aws/retry.ts';
import type { Turn, TurnResult } from '../mechanisms/turn.ts';
import type { ReasonCode } from '../reason-codes.ts';
import type { StageTerms } from '../registry/approval-terms.ts';
import { type LifeCycle, readLifeCycle, type StageStatus, writeLifeCycle } from '../registry/life-cycle.ts';
import { listPackages, packagesOf } from '../registry/packages.ts';
import { convictions } from '../release/history.ts';
import type { Configuration, Release } from '../release/record.ts';
import { hasWaited } from './best-effort.ts';
import { servingAtEnd } from './serving-at-end.ts';
import type { Task } from './task.ts';

/** A fact about one version, for the registry. */
interface Entry {
  readonly version: string;
  /** Absent: the registry is searched for it. */
  readonly packageVersion?: number;
  readonly status: StageStatus;
  readonly because: string;
  /**
   * The registry has one stage for each version, whatever the number of environments. A version that a release delivers takes the stage of its environment. A version
   * that is restored or taken back keeps the stage of another environment (`unless-elsewhere`). One that is replaced changes its
   * status only where the registry shows it in this stage (`here`).
   */
  readonly writes: 'always' | 'unless-elsewhere' | 'here';
}

/** First task of a delivery: its version is on the way. One that serves already stays as it is. */
export const beginStage: Task = (turn) =>
  written(turn, async ({ endpoint, release }) =>
    servesAnyway(release)
      ? []
      : [{ ...delivered(release), status: 'InProgress', because: `is being delivered to ${endpoint}` }],
  );

/** Once the outcome is recorded: the registry shows where the versions of the release are now. */
export const settleStages: Task = (turn) => written(turn, entriesAtEnd);

const written = async (
  turn: Turn,
  entriesOf: (turn: Turn) => Promise<readonly Entry[]>,
): Promise<TurnResult | undefined> => {
  const { approval, release } = turn;
  if (approval.stage === undefined || release.witnessed.stageRefused) return undefined;
  try {
    for (const entry of await entriesOf(turn)) {
      const step = await write(turn, approval.stage, entry);
      if (step !== undefined) return step;
    }
    return undefined;
  } catch (error) {
    // A registry that is busy must not delay a delivery. The end of the release writes the stage.
    if (error instanceof Throttled && release.phase === 'preparing') return undefined;
    if (!isRefused(error) && !(error instanceof Throttled && hasWaited(turn))) throw error;
    turn.remark(`the stage ${approval.stage.name} was not written to the registry: ${describe(error)}`);
    // One remark for each release: whatever is refused now is refused in the next turn too.
    await turn.save({ witnessed: { ...release.witnessed, stageRefused: true } });
    return { because: 'the registry keeps its stage', percent: percentOf(release) };
  }
};

const write = async (turn: Turn, stage: StageTerms, entry: Entry): Promise<TurnResult | undefined> => {
  const { world, approval, release } = turn;
  const { version, status } = entry;
  const packageVersion = entry.packageVersion ?? (await numberOf(turn, version));
  if (packageVersion === undefined) return undefined;
  const named = { group: approval.group, packageVersion };
  const shown = await readLifeCycle(world, named);
  if (shown === undefined || !mayWrite(shown.lifeCycle, stage, entry)) return undefined;
  await writeLifeCycle(world, named, {
    stage: stage.name,
    status,
    because: `${version} ${entry.because} (release ${release.id})`,
  });
  return { because: `the registry shows ${version} as ${stage.name}/${status}`, percent: percentOf(release) };
};

const percentOf = ({ phase }: Release): number => (phase === 'settling' ? 97 : 3);

const numberOf = async ({ world, approval: { group } }: Turn, version: string): Promise<number | undefined> =>
  packagesOf(await listPackages(world, group), version)[0]?.packageVersion;

const mayWrite = (
  shown: LifeCycle | undefined,
  { name, others }: StageTerms,
  { status, writes }: Pick<Entry, 'status' | 'writes'>,
): boolean => {
  if (shown?.stage === name) return shown.status !== status;
  if (writes === 'here') return false;
  return writes === 'always' || shown === undefined || !others.includes(shown.stage);
};

const delivered = ({ version, candidate }: Release): Pick<Entry, 'version' | 'packageVersion' | 'writes'> => ({
  version,
  ...numbered(candidate),
  writes: 'always',
});

const numbered = ({ packageVersion }: Configuration): Pick<Entry, 'packageVersion'> =>
  packageVersion === undefined ? {} : { packageVersion };

/** Only settings change: this version serves before, and goes on serving whatever the end. */
const servesAnyway = ({ version, baseline }: Release): boolean => baseline?.version === version;

const entriesAtEnd = async (turn: Turn): Promise<readonly Entry[]> => {
  const { endpoint, release } = turn;
  const { operation, outcome } = release;
  const serving = await servingAtEnd(turn);
  if (operation === 'rollback')
    return outcome === 'succeeded' && serving === 'candidate' ? afterRollback(endpoint, release) : [];
  if (outcome === 'succeeded') return serving === 'candidate' ? afterSuccess(endpoint, release) : [];
  return afterFailure(endpoint, release, serving === 'candidate');
};

const afterSuccess = (endpoint: string, release: Release): readonly Entry[] => {
  const own = delivered(release);
  if (release.candidate.beside !== undefined && !servesAnyway(release))
    return [{ ...own, status: 'PendingApproval', because: `is up on ${endpoint} without traffic` }];
  return [{ ...own, status: 'Approved', because: `serves on ${endpoint}` }, ...replaced(endpoint, release)];
};

const afterFailure = (endpoint: string, release: Release, serves: boolean): readonly Entry[] => {
  const { outcome, reason } = release;
  const isWithdrawn = reason !== undefined && withdrawn.has(reason);
  if (servesAnyway(release) && !isWithdrawn) return [];
  const isRejected = isWithdrawn || (reason !== undefined && convictions.has(reason));
  const how = `the delivery to ${endpoint} ended ${outcome}/${reason}`;
  return [
    { ...delivered(release), status: isRejected ? 'Rejected' : 'OnHold', because: `is held: ${how}` },
    ...(serves && release.candidate.beside === undefined ? replaced(endpoint, release) : []),
  ];
};

/** The registry itself rejects the version. */
const withdrawn: ReadonlySet<ReasonCode> = new Set(['approval-withdrawn', 'withdrawn-too-late', 'not-approved']);

const replaced = (endpoint: string, { version, baseline }: Release): readonly Entry[] =>
  baseline?.version === undefined || baseline.version === version
    ? []
    : [
        {
          version: baseline.version,
          ...numbered(baseline),
          status: 'Retired',
          because: `was replaced on ${endpoint} by ${version}`,
          writes: 'here',
        },
      ];

const afterRollback = (endpoint: string, { candidate, baseline, withdraws }: Release): readonly Entry[] => {
  const left: readonly Entry[] =
    withdraws !== undefined
      ? // Its removal does not convict it.
        [{ version: withdraws, status: 'OnHold', because: `was removed from ${endpoint}`, writes: 'here' }]
      : baseline?.version === undefined || baseline.version === candidate.version
        ? []
        : [
            {
              version: baseline.version,
              ...numbered(baseline),
              status: 'Rejected',
              because: `was rolled back on ${endpoint}`,
              writes: 'unless-elsewhere',
            },
          ];
  return candidate.version === undefined
    ? left
    : [
        {
          version: candidate.version,
          ...numbered(candidate),
          status: 'Approved',
          because: `serves on ${endpoint} again`,
          writes: 'unless-elsewhere',
        },
        ...left,
      ];
};
