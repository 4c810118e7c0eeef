import { orUndefined } from '../aws/errors.ts';
import { partsOf } from '../delivery/provenance.ts';
import type { ReleaseOutputs } from '../delivery/release-outputs.ts';
import type { Opening } from '../delivery/run-release.ts';
import { baselineOf } from '../endpoint/baseline.ts';
import { type Look, packagesOfModel } from '../endpoint/look.ts';
import { alone, type Candidate, candidateOf, leftBehind } from '../endpoint/variants.ts';
import { Refusal } from '../operation.ts';
import { type Decided, readDecision } from '../registry/decision.ts';
import { isOf, registryAccount } from '../registry/registry.ts';
import { approvalOf } from '../registry/standing.ts';
import { readPackage } from '../registry/version-reference.ts';
import { isSameVersion, suitabilityOf } from '../release/history.ts';
import type { Configuration, ReleaseRecord, Served } from '../release/record.ts';
import { isSameName } from '../same-name.ts';
import { withoutUndefined } from '../without-undefined.ts';
import type { World } from '../world.ts';
import { type RollbackInputs, rollbackInputs } from './rollback-inputs.ts';
import { configurationOf, homeOf, nameOf, notesOn, wayBack } from './way-back.ts';

/**
 * The way back from a rejected version: to the version beside a rejected candidate, else to the last one that served well. A version that
 * is rejected itself, or whose configuration was deleted, is passed over. One that was left by a rejection counts once it is approved again.
 * @throws {Refusal} `nothing-to-roll-back-to` with the reason of each version in the history
 */
export const unrejectedWayBack = async (
  world: World,
  given: RollbackInputs,
  record: ReleaseRecord,
  look: Look,
  decided: Decided,
): Promise<Opening<ReleaseOutputs>> => {
  const { live } = look;
  const mixed = live.status === 'UpdateRollbackFailed';
  const beside = candidateOf(live, record)?.beside;
  const serving = beside && alone({ ...baselineOf(look, record), beside });
  const shown = record.history.find(({ endpointConfig }) => endpointConfig === live.endpointConfig);
  const first = mixed ? homeOf(record, look) : serving;
  const past = record.history.filter((entry) => !isSameVersion(entry, shown ?? live));
  const options: readonly Option[] = [
    ...(first ? [{ configuration: first }] : []),
    ...past.map((entry) => ({ configuration: configurationOf(entry), entry })),
  ];
  const { target, passed } = await firstUnrejected(world, given.manifest.model, record.history, options);
  const others = [...passed].filter(([name]) => name !== nameOf(shown ?? live)).map(([, one]) => one);
  if (target === undefined)
    throw new Refusal(
      'nothing-to-roll-back-to',
      `${approvalOf(decided)}, and serves ${record.endpoint}; ${
        others.length === 0
          ? 'no other version is in its history'
          : `no version in its history is a way back: ${others.map(({ tag, why }) => `${tag} ${why}`).join('; ')}`
      }; deploy an approved version, or delete the endpoint`,
    );
  const idle = mixed ? undefined : leftBehind(live, record);
  const withdraws = target === serving ? idle?.version : undefined;
  return wayBack(world, given, record, look, {
    target,
    mixed,
    rejected: true,
    because: reasonFor(given, decided),
    notes: [
      ...others.flatMap(({ tag, why, servedWell }) =>
        servedWell ? [`${tag} served well too and is passed over: it ${why}`] : [],
      ),
      ...notesAbout(idle, target, record, withdraws),
      `${decided.tag} is not convicted: approved again, it can be delivered again`,
    ],
    ...withoutUndefined({ withdraws }),
  });
};

/** The end of a candidate without traffic. */
const notesAbout = (
  idle: Candidate | undefined,
  target: Configuration,
  record: ReleaseRecord,
  withdraws: string | undefined,
): readonly string[] => {
  if (idle === undefined) return [];
  return withdraws === undefined
    ? [`the candidate ${idle.version}, which has no traffic, goes too`]
    : notesOn(idle, alone(target), record, true);
};

const reasonFor = ({ because }: RollbackInputs, decided: Decided): string =>
  because === rollbackInputs.because.default ? approvalOf(decided) : `${approvalOf(decided)}; ${because}`;

/** A configuration to go back to; with its entry when it is of the history. */
interface Option {
  readonly configuration: Configuration;
  readonly entry?: Served;
}

/** An option that is no way back. */
interface Passed {
  readonly tag: string;
  /** A predicate: `is Rejected too`. */
  readonly why: string;
  readonly servedWell: boolean;
}

const firstUnrejected = async (
  world: World,
  model: string,
  history: readonly Served[],
  options: readonly Option[],
): Promise<{ readonly target?: Configuration; readonly passed: ReadonlyMap<string, Passed> }> => {
  // The newest entry of a version decides about its message.
  const passed = new Map<string, Passed>();
  for (const { configuration, entry } of options) {
    const name = nameOf(configuration);
    const suits = entry === undefined ? ({ is: 'good' } as const) : suitabilityOf(history, entry);
    if (suits.is === 'bad') {
      if (!passed.has(name)) passed.set(name, { tag: name, why: suits.because, servedWell: false });
      continue;
    }
    const decisions = await decisionsOn(world, model, configuration);
    const { tag = name } = decisions[0] ?? {};
    const pass = (why: string): void => {
      if (!passed.get(name)?.servedWell) passed.set(name, { tag, why, servedWell: true });
    };
    if (decisions.some(({ approval }) => approval === 'Rejected')) {
      pass('is Rejected too');
      continue;
    }
    const open = decisions.find(({ approval }) => approval !== 'Approved');
    if (suits.is === 'left-rejected' && (open !== undefined || decisions.length === 0)) {
      const now = open === undefined ? 'its package does not exist any more' : `is ${open.approval} now`;
      pass(`was left because it was rejected, and ${now}`);
      continue;
    }
    // A candidate goes from beside the version that serves, or not at all: only versions of the past are passed over.
    const { gone } = entry === undefined ? {} : await partsOf(world, alone(configuration));
    if (gone !== undefined) {
      pass(`is a way back no more: ${gone} was deleted`);
      continue;
    }
    return { target: configuration, passed };
  }
  return { passed };
};

/** The decisions about the packages that a configuration's model was made of; the record alone knows a deleted model's package. */
const decisionsOn = async (
  world: World,
  group: string,
  { model, packageVersion }: Configuration,
): Promise<readonly Decided[]> => {
  const described = await orUndefined(world.read.sagemaker.describeModel({ ModelName: model }));
  const registry = registryAccount(world);
  const numbers = described
    ? packagesOfModel(described).flatMap((text) => {
        const named = readPackage(group, text);
        const isHere = named?.home !== undefined && isOf(registry, named.home) && isSameName(named.group, group);
        return isHere && named.packageVersion !== undefined ? [named.packageVersion] : [];
      })
    : packageVersion === undefined
      ? []
      : [packageVersion];
  const decisions: Decided[] = [];
  for (const number of new Set(numbers)) {
    const decided = await readDecision(world, group, number);
    if (decided !== undefined) decisions.push(decided);
  }
  return decisions;
};
