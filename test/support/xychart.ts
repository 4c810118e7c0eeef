/** One chart, as the grammar of Mermaid's XY chart reads it. */
export interface XyChart {
  readonly title: string;
  readonly categories: readonly string[];
  readonly range: readonly [number, number];
  readonly line: readonly number[];
}

const number = String.raw`[+-]?(?:\d+(?:\.\d+)?|\.\d+)`;
const text = '"([^"]*)"';
const grammar = new RegExp(
  [
    'xychart-beta',
    `  title ${text}`,
    String.raw`  x-axis ${text} \[(${text}(?:, ${text})*)\]`,
    `  y-axis ${text} (${number}) --> (${number})`,
    String.raw`  line \[(${number}(?:, ${number})*)\]`,
  ].join('\n'),
);
const whole = new RegExp(`^${grammar.source}$`);

/**
 * The charts of a Markdown text, by the grammar in Mermaid's documentation ("XY Chart": title, x-axis with a title and categories, y-axis
 * with a title and `min --> max`, line with numbers) and no more of it than this suite writes.
 * @throws for a chart of another form, for categories that the axis would merge, and for a line that leaves the axes
 */
export const chartsIn = (markdown: string): readonly XyChart[] =>
  [...markdown.matchAll(/^```mermaid\n([\s\S]*?)\n```$/gm)].map(([, source = '']) => {
    const found = whole.exec(source);
    if (found === null) throw new Error(`no XY chart: ${source}`);
    const [, title = '', , list = '', , , , low, high, values = ''] = found;
    const categories = list.split(', ').map((one) => one.slice(1, -1));
    const line = values.split(', ').map(Number);
    const range = [Number(low), Number(high)] as const;
    if (new Set(categories).size !== categories.length) throw new Error(`two categories are one: ${list}`);
    if (line.length !== categories.length) throw new Error(`${line.length} values of ${categories.length} categories`);
    if (!(range[0] < range[1]) || line.some((value) => value < range[0] || value > range[1]))
      throw new Error(`outside of ${range.join(' to ')}: ${values}`);
    if (source.length > 50_000) throw new Error('Mermaid draws at most 50,000 characters');
    return { title, categories, range, line };
  });
