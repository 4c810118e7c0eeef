import { rmSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { wallClock } from '../hosts/wall-clock.ts';
import type { Chapter } from '../report/story.ts';
import { scenarios } from './scenarios/all.ts';
import type { Scenario } from './scenarios/scenario.ts';
import { story, storyAbout, storyTitle } from './scenarios/story.ts';
import { openStage, type Stage } from './stage.ts';
import { chapterOf } from './tell.ts';
import { scenarioLine, timelineOf, verdictOfChapter } from './timeline.ts';
import { unplayed, type Verdict, verdictOf } from './verdict.ts';
import { writeRehearsal } from './write.ts';

export const rehearseHelp = `rehearse: the real action bundles against a simulated AWS, in virtual time

  rehearse                  the main story: five releases, a timeline, and a report
  rehearse --scenario NAME  one scenario with its timeline
  rehearse --all            every scenario, two at a time
  rehearse --list           their names
      --json                verdicts as JSON instead of text
      --out FOLDER          job summaries, logs, report.html, requests.jsonl (default: rehearsal; cleared first)
`;

interface Out {
  readonly folder: string;
  say(text: string): void;
}

/** @returns the exit code: 0 when everything ended as expected, 1 when not, 2 for a wrong command line */
export const rehearse = async (args: readonly string[]): Promise<number> => {
  const options = readOptions(args);
  if (typeof options === 'string') {
    console.error(`${options}\n\n${rehearseHelp}`);
    return 2;
  }
  if (options.list) {
    const listed = scenarios.map(({ name, about, expected }) => ({ name, about, expected }));
    console.log(
      options.json
        ? JSON.stringify({ scenarios: listed }, null, 2)
        : listed.map(({ name, about }) => `${name.padEnd(28)} ${about}`).join('\n'),
    );
    return 0;
  }
  const folder = resolve(options.out ?? 'rehearsal');
  rmSync(folder, { recursive: true, force: true });
  const out: Out = { folder, say: options.json ? () => {} : (text) => console.log(text) };
  const verdicts = options.scenarios ? await playAll(options.scenarios, out) : await playStory(out);
  const good = verdicts.every(({ problems }) => problems.length === 0);
  if (options.json) console.log(JSON.stringify({ scenarios: verdicts }, null, 2));
  else
    console.log(
      `\n${good ? 'Everything ended as expected.' : 'NOT everything ended as expected.'} See ${relative('.', folder)}/`,
    );
  return good ? 0 : 1;
};

const readOptions = (args: readonly string[]) => {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        scenario: { type: 'string', multiple: true },
        all: { type: 'boolean' },
        list: { type: 'boolean' },
        json: { type: 'boolean' },
        out: { type: 'string' },
      },
    });
    const unknown = values.scenario?.filter((name) => !scenarios.some((scenario) => scenario.name === name)) ?? [];
    if (unknown.length > 0) return `no scenario ${unknown.join(', ')}; \`rehearse --list\` names them`;
    const chosen = values.all
      ? scenarios
      : values.scenario && scenarios.filter(({ name }) => values.scenario?.includes(name));
    return { ...values, scenarios: chosen };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

/** The main story: every release is told as soon as it has ended. */
const playStory = async (out: Out): Promise<Verdict[]> => {
  const stage = await openStage();
  const start = stage.driver.now();
  const verdicts: Verdict[] = [];
  const chapters: Chapter[] = [];
  try {
    for (const act of story) {
      const startedAt = wallClock.now();
      const release = await act.play(stage);
      const chapter = chapterOf(stage, release);
      const verdict = verdictOf(act.name, act.expected, release, [], wallClock.now() - startedAt);
      chapters.push(chapter);
      verdicts.push(verdict);
      out.say(timelineOf(chapter, start));
      out.say(verdictOfChapter(chapter, verdict));
    }
  } finally {
    writeRehearsal(out.folder, stage, { title: storyTitle, about: storyAbout, chapters });
    await stage.close();
  }
  return verdicts;
};

/** Two at a time, each with a simulator of its own; the verdicts in the order asked for. */
const playAll = async (chosen: readonly Scenario[], out: Out): Promise<Verdict[]> => {
  const verdicts = new Map<Scenario, Verdict>();
  const queue = [...chosen];
  const detailed = chosen.length === 1;
  const worker = async (): Promise<void> => {
    for (let scenario = queue.shift(); scenario; scenario = queue.shift()) {
      verdicts.set(
        scenario,
        await playScenario(scenario, { ...out, folder: join(out.folder, scenario.name) }, detailed),
      );
    }
  };
  await Promise.all([worker(), worker()]);
  return chosen.flatMap((scenario) => verdicts.get(scenario) ?? []);
};

const playScenario = async (scenario: Scenario, out: Out, detailed: boolean): Promise<Verdict> => {
  const startedAt = wallClock.now();
  const stage = await openStage();
  const start = stage.driver.now();
  try {
    const unmet: string[] = [];
    const release = await scenario.play(stage, (holds, saying) => {
      if (!holds) unmet.push(saying);
    });
    const verdict = verdictOf(scenario.name, scenario.expected, release, unmet, wallClock.now() - startedAt);
    if (detailed) tellAll(stage, start, out);
    out.say(scenarioLine(verdict));
    return verdict;
  } catch (error) {
    // One scenario that cannot be played must not hide what the others show.
    const verdict = unplayed(scenario, error, wallClock.now() - startedAt);
    out.say(scenarioLine(verdict));
    return verdict;
  } finally {
    const chapters = endedChapters(stage);
    writeRehearsal(out.folder, stage, { title: scenario.name, about: scenario.about, chapters });
    await stage.close();
  }
};

const endedChapters = (stage: Stage): Chapter[] =>
  stage.releases.filter(({ ending }) => ending !== undefined).map((release) => chapterOf(stage, release));

const tellAll = (stage: Stage, start: number, out: Out): void => {
  for (const chapter of endedChapters(stage)) out.say(timelineOf(chapter, start));
};
