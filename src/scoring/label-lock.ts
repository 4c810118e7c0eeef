import { iso } from '../clock.ts';
import { counted } from '../judge/amounts.ts';
import { Refusal } from '../operation.ts';
import { oneLine } from '../plain-text.ts';
import { type Entry, endedTests, factsOf, packageMark } from './ended-tests.ts';
import { goldenSet } from './golden-set.ts';
import { type LabelChanges, type LabelledSet, labelChanges, readLabels } from './labels.ts';
import type { Standing } from './standing.ts';
import { folderOfTest } from './test-record.ts';

/**
 * The lock of the golden set. Changed labels are the cheapest way to a pass: so a new model is not tested with other labels than those with
 * which the version that serves was last tested, unless the manifest allows it.
 */

/** More than this share of the earlier rows missing is another golden set: the hard rows may be the ones that are gone. */
const mostRemoved = 0.1;

/**
 * Whether the version under test may be tested with these labels.
 * @returns notes for the plan
 * @throws {Refusal} `labels-changed`
 */
export const labelNotes = async (at: Standing): Promise<readonly string[]> => {
  const { served } = at;
  // Nothing serves; or the model stays, so that labels alone may change.
  if (served === undefined || isServing(at)) return [];
  const before = await lastTest(at, served);
  if (before === undefined)
    return ['no test of the version that serves is kept: whether labels changed since then is not known'];
  const facts = await factsOf(at.world, at.releases, before);
  const folder = folderOfTest(at.releases, at.subject.endpoint, before.subject);
  const kept = facts && (await readLabels(at.world, folder, before.attempt));
  if (facts === undefined || kept === undefined)
    return ['the labels of the last test of the version that serves are gone: whether they changed is not known'];
  const changes = await labelChanges(kept, at.regression.task, await labelledSets(at));
  const said = changes.flatMap((one) => changesText(one) ?? []);
  if (said.length === 0) return [];
  const since = `since ${oneLine(facts.tag)}, which serves, was tested at ${iso(facts.decidedAt)}: ${said.join('; ')}`;
  if (!changes.some(isOther)) return [`golden rows ${since}`];
  if (at.regression.asking.changedLabels === 'allowed')
    return [`golden rows change together with the model, which changed-with-model allows, ${since}`];
  throw new Refusal(
    'labels-changed',
    `the golden set would change together with the model, ${since}. Run regression-test for ${oneLine(facts.version)} with the new rows first (candidate: temporary), then for ${at.registered.version}; or allow it with labels: { changed-with-model: allow }`,
  );
};

/** Whether a set judges by other labels than before. */
const isOther = ({ changed, removed, before }: LabelChanges): boolean => changed > 0 || removed > before * mostRemoved;

const changesText = ({ name, before, changed, examples, removed, added }: LabelChanges): string | undefined => {
  const parts = [
    ...(changed === 0
      ? []
      : [
          `the label or weight of ${counted(changed, 'row')} differs (${examples.map(oneLine).join(', ')}${changed > examples.length ? ', …' : ''})`,
        ]),
    ...(removed === 0 ? [] : [`${removed} of ${counted(before, 'row')} ${removed === 1 ? 'is' : 'are'} gone`]),
    ...(added === 0 ? [] : [`${counted(added, 'row')} ${added === 1 ? 'is' : 'are'} new`]),
  ];
  if (parts.length === 0) return undefined;
  return `${name === undefined ? '' : `golden set ${oneLine(name)}: `}${parts.join(', ')}`;
};

/** The last test of the version that serves whose labels count: one that it passed, or one that it had while it served. */
const lastTest = async ({ world, releases, subject }: Standing, served: string): Promise<Entry | undefined> => {
  const wanted = packageMark(served);
  const tests = await endedTests(world, releases, subject.endpoint);
  return tests.find((test) => test.package === wanted && (test.verdict === 'pass' || test.ofServing));
};

/** Whether the version under test serves already. */
export const isServing = ({ served, registered }: Pick<Standing, 'served' | 'registered'>): boolean =>
  served?.toLowerCase() === registered.arn.toLowerCase();

/** The golden sets; without one the rows of the candidate's file, which have the labels then. */
export const labelledSets = async ({ parts, candidate, regression }: Standing): Promise<readonly LabelledSet[]> => {
  if (parts.length > 0 || candidate?.is !== 'file')
    return parts.map(({ name, set }) => ({ ...(name === undefined ? {} : { name }), rows: set }));
  return [{ rows: await goldenSet(candidate.file, regression) }];
};
