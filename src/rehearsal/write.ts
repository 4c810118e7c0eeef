import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { storyAsHtml } from '../report/html.ts';
import type { Chapter } from '../report/story.ts';
import type { ReportedRelease, Stage } from './stage.ts';

/** Job summaries in GitHub's form, the step logs, the HTML report, and every request to AWS. */
export const writeRehearsal = (
  folder: string,
  stage: Pick<Stage, 'simulator' | 'releases'>,
  story: { readonly title: string; readonly about: string; readonly chapters: readonly Chapter[] },
): void => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'report.html'), storyAsHtml(story));
  writeFileSync(
    join(folder, 'requests.jsonl'),
    stage.simulator.requests.map((request) => `${JSON.stringify(request)}\n`).join(''),
  );
  for (const [name, text] of stage.releases.flatMap(filesOf)) writeFileSync(join(folder, name), text);
};

const filesOf = (release: ReportedRelease, index: number): (readonly [name: string, text: string])[] =>
  release.steps.flatMap(({ step, summary, log }, i) => {
    const attempt = step.job.attempt > 1 ? `-attempt-${step.job.attempt}` : '';
    const name = `${index + 1}.${i + 1}-${step.action}-${release.version}${attempt}`;
    return [
      [`${name}.md`, summary],
      [`${name}.log`, log.map(({ text }) => `${text}\n`).join('')],
    ] as const;
  });
