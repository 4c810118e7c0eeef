/** SGR numbers (ECMA-48 §8.3.117): what switches a style on, and off again. */
const codes = {
  bold: [1, 22],
  red: [31, 39],
  green: [32, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
  gray: [90, 39],
} as const;
export type Style = keyof typeof codes;

/** Styled on a terminal that has colours and nowhere else. `styleText` of Node 20 writes its codes into files as well. */
export const style = (
  how: Style,
  text: string,
  stream: Pick<NodeJS.WriteStream, 'isTTY' | 'hasColors'> = process.stdout,
) => {
  const [on, off] = codes[how];
  // `hasColors` knows NO_COLOR, FORCE_COLOR and TERM=dumb.
  return stream.isTTY && stream.hasColors() ? `\u001b[${on}m${text}\u001b[${off}m` : text;
};
