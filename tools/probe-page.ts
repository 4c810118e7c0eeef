import { questions } from '../src/probe/questions/all.ts';
import { unasked } from '../src/probe/unasked.ts';

/** The questions of `probe`, and the settings that none of them decides. */
export const questionTables = (): string => {
  const rows = questions.map(
    ({ id, asks, decides, source }) =>
      `| \`${id}\` | ${asks} | ${decides.map((name) => `\`${name}\``).join(', ') || '–'} | ${source} |`,
  );
  const without = Object.entries(unasked).map(([name, reason]) => `| \`${name}\` | ${reason} |`);
  return [
    '## Questions',
    '',
    '| question | | settings | section of the fact base |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
    '## Settings without a question',
    '',
    '| setting | reason |',
    '| --- | --- |',
    ...without,
    '',
  ].join('\n');
};
