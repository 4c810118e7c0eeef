/** Just enough SVG for the pictures of the documentation: white ground, one typeface, six colours that the colour-blind can tell apart. */
export const colours = ['#0b6e4f', '#d1495b', '#7b4fa3', '#edae49', '#4062bb', '#8a8d91'] as const;

export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export const picture = (title: string, { width, height }: Frame, body: readonly string[]): string =>
  [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}" font-family="system-ui, sans-serif" font-size="12">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    text(16, 22, title, { weight: 600, size: 14 }),
    ...body,
    '</svg>',
    '',
  ].join('\n');

interface TextStyle {
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly fill?: string;
  readonly size?: number;
  readonly weight?: number;
}

export const text = (x: number, y: number, content: string, style: TextStyle = {}): string => {
  const { anchor = 'start', fill = '#222', size = 12, weight = 400 } = style;
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" fill="${fill}" font-size="${size}" font-weight="${weight}">${escaped(content)}</text>`;
};

export const line = (from: Point, to: Point, stroke: string, extra = ''): string =>
  `<line x1="${round(from[0])}" y1="${round(from[1])}" x2="${round(to[0])}" y2="${round(to[1])}" stroke="${stroke}" ${extra}/>`;

export const path = (points: readonly Point[], stroke: string): string =>
  `<polyline points="${points.map(([x, y]) => `${round(x)},${round(y)}`).join(' ')}" fill="none" stroke="${stroke}" stroke-width="2" stroke-linejoin="round"/>`;

export const area = (upper: readonly Point[], lower: readonly Point[], fill: string): string =>
  `<polygon points="${[...upper, ...[...lower].reverse()].map(([x, y]) => `${round(x)},${round(y)}`).join(' ')}" fill="${fill}" fill-opacity="0.2"/>`;

export const bar = (x: number, y: number, width: number, height: number, fill: string): string =>
  `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" fill="${fill}"/>`;

export const dot = ([x, y]: Point, fill: string): string =>
  `<circle cx="${round(x)}" cy="${round(y)}" r="5" fill="${fill}" fill-opacity="0.9"/>`;

/** A dot, or a ring. */
export const mark = ([x, y]: Point, colour: string, filled: boolean): string =>
  filled
    ? dot([x, y], colour)
    : `<circle cx="${round(x)}" cy="${round(y)}" r="4" fill="none" stroke="${colour}" stroke-width="2"/>`;

export type Point = readonly [x: number, y: number];

const round = (value: number): number => Math.round(value * 10) / 10;
const escaped = (content: string): string =>
  content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
