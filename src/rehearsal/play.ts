import { join } from 'node:path';
import type { Settings } from '../../simulator/contracts.ts';
import { minutes } from '../clock.ts';
import { wallClock } from '../hosts/wall-clock.ts';
import type { Chapter } from '../report/story.ts';
import { flipName } from './flips.ts';
import { type Expected, type Require, type Scenario, settle } from './scenarios/scenario.ts';
import { story, storyAbout, storyTitle } from './scenarios/story.ts';
import { readServing, type Serving } from './serving.ts';
import { openStage, type Stage, type Told } from './stage.ts';

import { chapterOf } from './tell.ts';
import { scenarioLine, timelineOf, verdictOfChapter } from './timeline.ts';
import { type Observed, unplayed, type Verdict, verdictOf } from './verdict.ts';
import { writeRehearsal } from './write.ts';

export interface Out {
  readonly folder: string;
  say(text: string): void;
}

/** The main story: every release is told as soon as it has ended. */
export const playStory = async (out: Out): Promise<Verdict[]> => {
  const stage = await openStage();
  const start = stage.driver.now();
  const verdicts: Verdict[] = [];
  const chapters: Chapter[] = [];
  try {
    for (const act of story) {
      const { release, verdict } = await judged(act, async () => ({ release: await act.play(stage) }));
      verdicts.push(verdict);
      if (!release) {
        out.say(scenarioLine(verdict));
        break;
      }
      const chapter = chapterOf(stage, release);
      chapters.push(chapter);
      out.say(timelineOf(chapter, start));
      out.say(verdictOfChapter(chapter, verdict));
    }
  } finally {
    writeRehearsal(out.folder, stage, { title: storyTitle, about: storyAbout, chapters });
    await stage.close();
  }
  return verdicts;
};

/** One scenario, perhaps under other settings than the simulator's own. */
export interface Performance {
  readonly scenario: Scenario;
  /** Judged by what DescribeEndpoint shows alone: under a flipped setting another end may be the right one. */
  readonly flip?: Partial<Settings>;
}

/** Two at a time, each with a simulator of its own; the verdicts in the order asked for. */
export const playAll = async (chosen: readonly Performance[], out: Out): Promise<Verdict[]> => {
  const verdicts = new Map<Performance, Verdict>();
  const queue = [...chosen];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift())
      verdicts.set(next, await playScenario(next, out, chosen.length === 1));
  };
  await Promise.all([worker(), worker()]);
  return chosen.flatMap((performance) => verdicts.get(performance) ?? []);
};

const playScenario = async ({ scenario, flip }: Performance, out: Out, detailed: boolean): Promise<Verdict> => {
  const stage = await openStage({ ...scenario.settings, ...flip });
  const start = stage.driver.now();
  const name = flip ? `${scenario.name}/${flipName(flip)}` : scenario.name;
  const expected = flip ? undefined : scenario.expected;
  const { verdict } = await judged({ name, expected }, async (require) => {
    const release = await scenario.play(stage, require);
    return { release, later: { serving: await laterOn(stage) } };
  });
  const chapters = stage.releases.filter(({ ending }) => ending !== undefined).map((one) => chapterOf(stage, one));
  if (detailed) for (const chapter of chapters) out.say(timelineOf(chapter, start));
  out.say(scenarioLine(verdict));
  writeRehearsal(join(out.folder, name), stage, { title: name, about: scenario.about, chapters });
  await stage.close();
  return verdict;
};

/** After SageMaker has come to rest and everything that might still happen has had its time. */
const laterOn = async (stage: Stage): Promise<Serving | undefined> => {
  await settle(stage);
  await stage.driver.until(stage.driver.now() + minutes(10));
  return readServing(stage.simulator, stage.endpoint);
};

/** What breaks off is a verdict too: it must not hide what the others show. */
const judged = async (
  subject: { readonly name: string; readonly expected: Expected | undefined },
  play: (require: Require) => Promise<Pick<Observed, 'release' | 'later'>>,
): Promise<{ readonly release?: Told; readonly verdict: Verdict }> => {
  const startedAt = wallClock.now();
  const unmet: string[] = [];
  try {
    const seen = await play((holds, saying) => {
      if (!holds) unmet.push(saying);
    });
    const verdict = verdictOf(subject, { ...seen, unmet, wallMs: wallClock.now() - startedAt });
    return { release: seen.release, verdict };
  } catch (error) {
    return { verdict: unplayed(subject, error, wallClock.now() - startedAt) };
  }
};

export const performances = (scenarios: readonly Scenario[], flips: readonly Partial<Settings>[]): Performance[] =>
  flips.flatMap((flip) => scenarios.map((scenario) => ({ scenario, flip })));
