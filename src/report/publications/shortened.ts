/**
 * Markdown cut at a line so that it fits; what stays open is closed, or it would hide the note.
 * @param most characters, with the note
 */
export const shortenedMarkdown = (markdown: string, most: number, note: string): string => {
  if (markdown.length <= most) return markdown;
  const ending = (text: string): string => `${'\n\n</details>'.repeat(openDetails(text))}\n\n${note}`;
  let kept = markdown.slice(0, Math.max(0, most - note.length));
  do kept = kept.slice(0, Math.max(0, kept.lastIndexOf('\n')));
  while (kept !== '' && kept.length + ending(kept).length > most);
  return `${kept}${ending(kept)}`;
};

const openDetails = (text: string): number => Math.max(0, count(text, '<details>') - count(text, '</details>'));

const count = (text: string, part: string): number => text.split(part).length - 1;
