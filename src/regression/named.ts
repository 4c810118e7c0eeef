import { oneLine, shortened } from '../plain-text.ts';

const mostNamed = 5;
const longest = 100;

/** A name from a foreign file, for a sentence. */
export const shownName = (name: string): string => shortened(oneLine(name), longest);

/** `a, b, c`: names from a foreign file, the first of many. */
export const named = (names: readonly string[]): string =>
  `${names.slice(0, mostNamed).map(shownName).join(', ')}${names.length > mostNamed ? ` and ${names.length - mostNamed} more` : ''}`;
