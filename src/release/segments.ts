/**
 * A journal is a chain of objects, its segments. S3 cannot append, so each write replaces the newest segment. One that has grown is sealed by
 * its last line, which names the next, and is never written again. The seal is part of the write that fills the segment, so there is no
 * moment in which a reader could miss one: after a seal the next segment is there, or nothing was written since.
 */
const sealedFrom = 256 * 1024;

/** Whether the segment with this text is full. */
export const isFull = (text: string): boolean => text.length >= sealedFrom;

/** @param at ISO 8601 */
export const seal = (at: string, segment: number): string =>
  `${JSON.stringify({ at, kind: 'sealed', next: segment + 1 })}\n`;

/** The text of a sealed segment without the seal; undefined for an open one. */
export const unsealed = (text: string, segment: number): string | undefined => {
  const found = new RegExp(`^\\{"at":"[^"]*","kind":"sealed","next":${segment + 1}\\}\n?`, 'm').exec(text);
  return found === null ? undefined : text.slice(0, found.index) + text.slice(found.index + found[0].length);
};

/** The segment that follows the last line; undefined where that is no seal. */
export const nextOf = (text: string): number | undefined => {
  const [, next] = /\{"at":"[^"]*","kind":"sealed","next":(\d+)\}\n*$/.exec(text) ?? [];
  return next === undefined ? undefined : Number(next);
};

/**
 * The lines of all segments.
 * @param read a segment's text, from 1 on; undefined where it is not there
 * @returns undefined without a first segment
 */
export const wholeJournal = (read: (segment: number) => string | undefined): string | undefined => {
  const texts: string[] = [];
  for (let segment = 1; ; segment++) {
    const text = read(segment);
    if (text === undefined) return segment === 1 ? undefined : texts.join('');
    texts.push(text);
    if (unsealed(text, segment) === undefined) return texts.join('');
  }
};
