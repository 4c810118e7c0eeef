import { InputError } from './schema.ts';
import { jsonProblem, quoted } from './secrets.ts';

/** The text without a byte order mark, which some tools write before UTF-8. It is no part of the content. */
export const withoutByteOrderMark = (text: string): string => (text.startsWith('\ufeff') ? text.slice(1) : text);

/**
 * The value of a JSON file of the user's. Of two members with one name, other readers take the first, and JSON.parse the last (RFC 8259
 * §4): what a person reads in the file would not be what decides.
 * @throws {InputError} naming `source` and the place in it
 */
export const parseJsonFile = (written: string, source: string): unknown => {
  const text = withoutByteOrderMark(written);
  const value = parse(text, source);
  const name = repeatedName(text);
  if (name !== undefined)
    throw new InputError(`${source}: an object has the member ${quoted(name)} twice, so its value is ambiguous`);
  return value;
};

const parse = (text: string, source: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    // Python's json.dump writes these words bare, and no JSON reader accepts that.
    const hint = /[:[,]\s*-?(NaN|Infinity)\b/.test(text) ? '; write NaN and Infinity as strings' : '';
    throw new InputError(`${source}: ${jsonProblem(error)}${hint}`);
  }
};

/**
 * The first name that one object has twice; undefined without any. Without recursion, so that the depth is no limit.
 * @param text valid JSON
 */
const repeatedName = (text: string): string | undefined => {
  /** The names of each open object; undefined for a list. */
  const open: (Set<string> | undefined)[] = [];
  let expectsName = false;
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case '{':
        open.push(new Set());
        expectsName = true;
        break;
      case '[':
        open.push(undefined);
        expectsName = false;
        break;
      case '}':
      case ']':
        open.pop();
        break;
      case ',':
        expectsName = open.at(-1) !== undefined;
        break;
      case '"': {
        const end = endOfString(text, at);
        const names = open.at(-1);
        if (expectsName && names !== undefined) {
          // Two spellings of one name, such as "a" and "\u0061", are one.
          const name = String(JSON.parse(text.slice(at, end)));
          if (names.has(name)) return name;
          names.add(name);
        }
        expectsName = false;
        at = end - 1;
      }
    }
  }
  return undefined;
};

/** The place behind the string that begins at `at`. */
const endOfString = (text: string, at: number): number => {
  let end = at + 1;
  while (text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
  return end + 1;
};
