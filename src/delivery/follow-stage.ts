import { describe, isRefused } from '../aws/errors.ts';
import { Throttled } from '../aws/retry.ts';
import type { Turn, TurnResult } from '../mechanisms/turn.ts';
import type { StageTerms } from '../registry/approval-terms.ts';
import { type LifeCycle, readLifeCycle, type StageStatus, writeLifeCycle } from '../registry/life-cycle.ts';
import { convictions } from '../release/history.ts';
import type { Configuration, Release } from '../release/record.ts';
import { hasWaited } from './best-effort.ts';
import { servingAtEnd } from './serving-at-end.ts';
import type { Task } from './task.ts';

/** A fact about one version, for the registry. */
interface Entry {
  readonly version: string;
  readonly packageVersion: number;
  readonly status: StageStatus;
  readonly because: string;
  readonly writes: Writes;
}

/**
 * The registry has one stage for each version, whatever the number of environments. A version that is delivered takes the stage of the
 * environment (`always`). One that is restored or taken back keeps the stage of another environment (`unless-elsewhere`). One that only goes
 * changes its status where the registry shows it in this stage (`here`).
 */
type Writes = 'always' | 'unless-elsewhere' | 'here';

/** First task of a delivery: its version is on the way. One that serves already stays as it is. */
export const beginStage: Task = (turn) =>
  writeFirst(turn, async ({ endpoint, release }) =>
    servesAnyway(release) ? [] : entry(release.candidate, 'InProgress', `is being delivered to ${endpoint}`, 'always'),
  );

/** Once the outcome is recorded: the registry shows where the versions of the release are now. */
export const settleStages: Task = (turn) => writeFirst(turn, entriesAtEnd);

/**
 * Writes the first fact that the registry does not show yet. A release writes each fact once: another release may have the same version
 * in another stage, and the two would overwrite each other without end.
 */
const writeFirst = async (
  turn: Turn,
  entriesOf: (turn: Turn) => Promise<readonly Entry[]>,
): Promise<TurnResult | undefined> => {
  const { approval, release } = turn;
  if (approval.stage === undefined || release.witnessed.stageRefused) return undefined;
  const { stagesWritten = [] } = release.witnessed;
  let written: Written | undefined;
  try {
    for (const one of await entriesOf(turn)) {
      written = await write(turn, approval.stage, one, stagesWritten);
      if (written !== undefined) break;
    }
  } catch (error) {
    // A registry that is busy must not delay a delivery. The end of the release writes the stage.
    if (error instanceof Throttled && release.phase === 'preparing') return undefined;
    if (!isRefused(error) && !(error instanceof Throttled && hasWaited(turn))) throw error;
    turn.remark(`the stage ${approval.stage.name} was not written to the registry: ${describe(error)}`);
    // One remark for each release: a write that is refused now is refused in the next turn too.
    await turn.save({ witnessed: { ...release.witnessed, stageRefused: true } });
    return { because: 'the registry keeps its stage', percent: percentOf(release) };
  }
  if (written === undefined) return undefined;
  await turn.save({ witnessed: { ...release.witnessed, stagesWritten: [...stagesWritten, written.fact] } });
  return { because: written.because, percent: percentOf(release) };
};

interface Written {
  /** As in `Witnessed.stagesWritten`. */
  readonly fact: string;
  readonly because: string;
}

/** @param before facts that this release wrote */
const write = async (
  { world, approval: { group }, release }: Turn,
  stage: StageTerms,
  { version, packageVersion, status: wanted, because, writes }: Entry,
  before: readonly string[],
): Promise<Written | undefined> => {
  const named = { group, packageVersion };
  const shown = await readLifeCycle(world, named);
  if (shown === undefined) return undefined;
  // The registry itself rejects a version that is held: then it is not waited for.
  const status = wanted === 'OnHold' && shown.isRejected ? 'Rejected' : wanted;
  const fact = `${packageVersion} ${status}`;
  if (before.includes(fact) || !mayWrite(shown.lifeCycle, stage, status, writes)) return undefined;
  await writeLifeCycle(world, named, {
    stage: stage.name,
    status,
    because: `${version} ${because} (release ${release.id})`,
  });
  return { fact, because: `the registry shows ${version} as ${stage.name}/${status}` };
};

const percentOf = ({ phase }: Release): number => (phase === 'settling' ? 97 : 3);

const mayWrite = (
  shown: LifeCycle | undefined,
  { name, others }: StageTerms,
  status: StageStatus,
  writes: Writes,
): boolean => {
  if (shown?.stage === name) return shown.status !== status;
  if (writes === 'here') return false;
  return writes === 'always' || shown === undefined || !others.includes(shown.stage);
};

/** Only settings change: this version serves before, and goes on serving whatever the end. */
const servesAnyway = ({ version, baseline }: Release): boolean => baseline?.version === version;

const entriesAtEnd = async (turn: Turn): Promise<readonly Entry[]> => {
  const { operation, outcome } = turn.release;
  const serving = await servingAtEnd(turn);
  if (operation !== 'rollback' && outcome !== 'succeeded') return afterFailure(turn, serving === 'candidate');
  // Others may have changed the endpoint since the verification: then no sentence here would be true.
  if (outcome !== 'succeeded' || serving !== 'candidate') return [];
  return operation === 'rollback' ? afterRollback(turn) : afterSuccess(turn);
};

const afterSuccess = (turn: Turn): readonly Entry[] => {
  const { endpoint, release } = turn;
  const { candidate } = release;
  return candidate.beside !== undefined && !servesAnyway(release)
    ? entry(candidate, 'PendingApproval', `is up on ${endpoint} without traffic`, 'always')
    : [...entry(candidate, 'Approved', `serves on ${endpoint}`, 'always'), ...replaced(turn)];
};

/** @param serves the version serves although its delivery did not succeed: it is unproven, for instance */
const afterFailure = (turn: Turn, serves: boolean): readonly Entry[] => {
  const { endpoint, release } = turn;
  const { candidate, outcome, reason } = release;
  if (servesAnyway(release)) return [];
  const isConvicted = reason !== undefined && convictions.has(reason);
  return [
    ...entry(
      candidate,
      isConvicted ? 'Rejected' : 'OnHold',
      `was not delivered to ${endpoint}: ${outcome}/${reason}`,
      'always',
    ),
    ...(serves && candidate.beside === undefined ? replaced(turn) : []),
  ];
};

const replaced = ({ endpoint, release }: Turn): readonly Entry[] =>
  servesAnyway(release)
    ? []
    : entry(release.baseline, 'Retired', `was replaced on ${endpoint} by ${release.version}`, 'here');

const afterRollback = ({ endpoint, release, besideBefore: beside }: Turn): readonly Entry[] => {
  const { candidate, baseline } = release;
  return [
    ...entry(candidate, 'Approved', `serves on ${endpoint} again`, 'unless-elsewhere'),
    ...(servesAnyway(release) ? [] : entry(baseline, 'Rejected', `was rolled back on ${endpoint}`, 'unless-elsewhere')),
    // Its removal does not convict it.
    ...(beside?.version === baseline?.version ? [] : entry(beside, 'OnHold', `was removed from ${endpoint}`, 'here')),
  ];
};

/** None for a configuration of others: the registry does not have its version. */
const entry = (
  of: Configuration | undefined,
  status: StageStatus,
  because: string,
  writes: Writes,
): readonly Entry[] =>
  of?.version === undefined || of.packageVersion === undefined
    ? []
    : [{ version: of.version, packageVersion: of.packageVersion, status, because, writes }];
