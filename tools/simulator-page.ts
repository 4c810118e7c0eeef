import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultSettings, flips } from '../simulator/settings.ts';
import { duration } from '../src/clock.ts';

/** The comment above each setting in `simulator/settings.ts`: its meaning and its source. */
const comments = (source: string): ReadonlyMap<string, string> => {
  const [, body = ''] = /export const defaultSettings = \{([\s\S]*?)\n\};/.exec(source) ?? [];
  return new Map(
    [...body.matchAll(/\/\*\*([\s\S]*?)\*\/\s*(\w+):/g)].map(
      ([, comment = '', name = '']) =>
        [
          name,
          comment
            .replace(/\n\s*\*/g, ' ')
            .replace(/\s+/g, ' ')
            .trim(),
        ] as const,
    ),
  );
};

/** Removes the sections of unpublished notes: a reader of the page cannot look them up. */
const published = (comment: string): string =>
  comment.replace(/,? ?(§[\d.]+(, )?)+( ?rule \d+| ?TF#\d+)?/g, '').replace(/ \[unconfirmed\]$/, '');

const shown = (name: string, value: unknown): string => {
  if (typeof value === 'number' && name.endsWith('Ms')) return value < 1000 ? `${value} ms` : duration(value);
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') : `\`${String(value)}\``;
};

/** One row per setting: its name, its default, the rehearsed alternative, and its meaning. */
export const settingsTable = (root: string): string => {
  const meanings = comments(readFileSync(join(root, 'simulator/settings.ts'), 'utf8'));
  const rows = Object.entries(defaultSettings).map(([name, value]) => {
    const comment = meanings.get(name);
    if (comment === undefined) throw new Error(`simulator/settings.ts: ${name} has no comment with its meaning`);
    const flipped: unknown = new Map<string, unknown>(Object.entries(flips)).get(name);
    const others = flipped === undefined ? '' : shown(name, flipped);
    return `| \`${name}\` | ${shown(name, value)} | ${others} | ${published(comment).replace(/\|/g, '\\|')} |`;
  });
  return ['| setting | default | also rehearsed | |', '| --- | --- | --- | --- |', ...rows].join('\n');
};
