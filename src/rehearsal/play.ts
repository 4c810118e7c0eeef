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
import type { Manner, Out, Performance, Played } from './performance.ts';
import { type Require, type Scenario, settle } from './scenarios/scenario.ts';
import { story, storyAbout, storyTitle } from './scenarios/story.ts';
import { readServing, type Serving } from './serving.ts';
import { openStage, type ReportedRelease, type Stage } from './stage.ts';
import { openThread } from './thread.ts';
import { scenarioLine, timelineOf, verdictOfChapter } from './timeline.ts';
import { type Observed, type ScenarioSubject, type ScenarioVerdict, scenarioVerdict, unplayed } from './verdict.ts';
import { writeRehearsal } from './write.ts';

/** The main story: every release is printed as soon as it has ended. */
export const playStory = async (out: Out, manner: Manner): Promise<ScenarioVerdict[]> => {
  const stage = await openStage(manner);
  const start = stage.driver.now();
  const verdicts: ScenarioVerdict[] = [];
  const chapters: Chapter[] = [];
  try {
    for (const [index, act] of story.entries()) {
      out.now?.(`release ${index + 1} of ${story.length}: ${act.name}`);
      stage.driver.processes = act.processes !== undefined;
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

/**
 * In the given order, each with a simulator of its own. A scenario's steps run in its thread, so each processor has one; and this thread
 * plays too, because a scenario of processes waits for them. A result does not depend on their number: each scenario has its own time.
 */
export const playAll = async (chosen: readonly Performance[], out: Out, manner: Manner): Promise<readonly Played[]> => {
  const played = new Map<Performance, Played>();
  const queue = [...chosen];
  const playing = new Set<string>();
  const show = (): void =>
    out.now?.(`${played.size} of ${counted(chosen.length, 'scenario')} played; now ${[...playing].join(', ')}`);
  const take = async (play: (performance: Performance) => Promise<Played>): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const { name } = next.scenario;
      playing.add(name);
      show();
      played.set(next, await play(next));
      playing.delete(name);
    }
  };
  const threads = Array.from({ length: Math.min(availableParallelism(), chosen.length - 1) }, () =>
    openThread(out, manner),
  );
  try {
    await Promise.all([
      take((performance) => playScenario(performance, out, manner, chosen.length === 1)),
      ...threads.map(({ play }) => take(play)),
    ]);
  } finally {
    await Promise.all(threads.map(({ close }) => close()));
  }
  return chosen.flatMap((performance) => played.get(performance) ?? []);
};

export const playScenario = async (
  { scenario, flip }: Performance,
  out: Out,
  manner: Manner,
  detailed = false,
): Promise<Played> => {
  const flipped = flip && { [flip]: flips[flip] };
  const stage = await openStage({ ...scenario, ...manner, settings: { ...scenario.settings, ...flipped } });
  stage.driver.processes = scenario.processes !== undefined;
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
