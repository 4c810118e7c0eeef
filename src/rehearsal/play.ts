import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Settings } from '../../simulator/contracts.ts';
import { flips } from '../../simulator/settings.ts';
import { minutes } from '../clock.ts';
import { wallClock } from '../hosts/wall-clock.ts';
import { counted } from '../judge/amounts.ts';
import type { Chapter } from '../report/story.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { chapterOf } from './chapter.ts';
import { type Require, type Scenario, settle } from './scenarios/scenario.ts';
import { story, storyAbout, storyTitle } from './scenarios/story.ts';
import { readServing, type Serving } from './serving.ts';
import { openStage, type ReportedRelease, type Stage } from './stage.ts';
import { scenarioLine, timelineOf, verdictOfChapter } from './timeline.ts';
import { type Observed, type ScenarioSubject, type ScenarioVerdict, scenarioVerdict, unplayed } from './verdict.ts';
import { writeRehearsal } from './write.ts';

export interface Out {
  readonly folder: string;
  say(text: string): void;
  /** Where the rehearsal is now, until the next such line; undefined: nowhere. */
  now?(line: string | undefined): void;
}

/** The main story: every release is printed as soon as it has ended. */
export const playStory = async (out: Out): Promise<ScenarioVerdict[]> => {
  const stage = await openStage();
  const start = stage.driver.now();
  const verdicts: ScenarioVerdict[] = [];
  const chapters: Chapter[] = [];
  try {
    for (const [index, act] of story.entries()) {
      out.now?.(`release ${index + 1} of ${story.length}: ${act.name}`);
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

/** One scenario, perhaps under another setting than the simulator's own. */
export interface Performance {
  readonly scenario: Scenario;
  readonly flip?: keyof Settings;
}

export interface Played extends Performance {
  readonly verdict: ScenarioVerdict;
  /** Settings that may have made a difference since the judged release began. */
  readonly settingsRead: readonly string[];
}

/**
 * In the given order, each with a simulator of its own. The process of a scenario and its simulator wait for each other, so one scenario
 * more than there are processors keeps all of them busy. A result does not depend on their number: each scenario has its own time.
 */
export const playAll = async (chosen: readonly Performance[], out: Out): Promise<readonly Played[]> => {
  const played = new Map<Performance, Played>();
  const queue = [...chosen];
  const playing = new Set<string>();
  const show = (): void =>
    out.now?.(`${played.size} of ${counted(chosen.length, 'scenario')} played; now ${[...playing].join(', ')}`);
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const { name } = next.scenario;
      playing.add(name);
      show();
      played.set(next, await playScenario(next, out, chosen.length === 1));
      playing.delete(name);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() + 1 }, worker));
  return chosen.flatMap((performance) => played.get(performance) ?? []);
};

const playScenario = async ({ scenario, flip }: Performance, out: Out, detailed: boolean): Promise<Played> => {
  const flipped = flip && { [flip]: flips[flip] };
  const stage = await openStage({ ...scenario, settings: { ...scenario.settings, ...flipped } });
  const start = stage.driver.now();
  const subject = flip ? flippedSubject(scenario, flip) : scenario;
  const { verdict, release } = await judged(subject, async (require) => {
    const release = await scenario.play(stage, require);
    return { release, later: { serving: await laterOn(stage) } };
  });
  const began = release?.began.at ?? start;
  const settingsRead = [...stage.simulator.settingsRead].flatMap(([name, at]) => (at >= began ? [name] : []));
  const chapters = stage.releases.filter(({ ending }) => ending !== undefined).map((one) => chapterOf(stage, one));
  if (detailed) for (const chapter of chapters) out.say(timelineOf(chapter, start));
  out.say(scenarioLine(verdict));
  writeRehearsal(join(out.folder, subject.name), stage, { title: subject.name, about: scenario.about, chapters });
  await stage.close();
  return { scenario, ...withoutUndefined({ flip }), verdict, settingsRead };
};

/** Under another behaviour: the same end, `inconclusive`, or the end that the scenario allows there. */
const flippedSubject = ({ name, expected, under }: Scenario, flip: keyof Settings): ScenarioSubject => ({
  name: `${name}/${flip}=${flips[flip]}`,
  outcomes: [under?.[flip]?.outcome ?? expected.outcome, 'inconclusive'],
});

/** After SageMaker has settled, and every late event has had its time. */
const laterOn = async (stage: Stage): Promise<Serving | undefined> => {
  await settle(stage);
  await stage.driver.until(stage.driver.now() + minutes(10));
  return readServing(stage.simulator, stage.endpoint);
};

/** A scenario that breaks off is a verdict too: it must not hide the others. */
const judged = async (
  subject: ScenarioSubject,
  play: (require: Require) => Promise<Pick<Observed, 'release' | 'later'>>,
): Promise<{ readonly release?: ReportedRelease; readonly verdict: ScenarioVerdict }> => {
  const startedAt = wallClock.now();
  const unmet: string[] = [];
  try {
    const seen = await play((holds, saying) => {
      if (!holds) unmet.push(saying);
    });
    const verdict = scenarioVerdict(subject, { ...seen, unmet, wallMs: wallClock.now() - startedAt });
    return { release: seen.release, verdict };
  } catch (error) {
    return { verdict: unplayed(subject, error, wallClock.now() - startedAt) };
  }
};
