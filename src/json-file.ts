import { InputError } from './schema.ts';
import { jsonProblem } from './secrets.ts';

/** The text without a byte order mark, which some tools write before UTF-8. It is no part of the content. */
export const withoutByteOrderMark = (text: string): string => (text.startsWith('\ufeff') ? text.slice(1) : text);

/**
 * The value of a JSON file of the user's.
 * @throws {InputError} naming `source` and the place in it
 */
export const parseJsonFile = (text: string, source: string): unknown => {
  try {
    return JSON.parse(withoutByteOrderMark(text));
  } catch (error) {
    // Python's json.dump writes these words bare, and no JSON reader accepts that.
    const hint = /[:[,]\s*-?(NaN|Infinity)\b/.test(text) ? '; write NaN and Infinity as strings' : '';
    throw new InputError(`${source}: ${jsonProblem(error)}${hint}`);
  }
};
