/**
 * Foreign text is never a command and never hides anything (DESIGN §7 rule 22). These functions are pure: the hosts apply them
 * where they print, the reports where they compose text.
 */

/**
 * Invisible characters that change the reading of a text: controls (ESC moves a terminal's cursor), format characters (U+202E
 * reverses a line, U+200B splits a word), line separators, halves of characters, and characters that Unicode allows a reader to
 * ignore. Line feed and tab stay.
 */
const hidden = /[^\P{Cc}\n\t]|[\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]/gu;

/**
 * Persian and the scripts of India spell words with joiners; a word without them is another word. Between two such letters they
 * hide nothing.
 */
const joined =
  '\\p{Script=Arab}\\p{Script=Deva}\\p{Script=Beng}\\p{Script=Guru}\\p{Script=Gujr}\\p{Script=Orya}\\p{Script=Taml}\\p{Script=Telu}\\p{Script=Knda}\\p{Script=Mlym}\\p{Script=Sinh}';
const joiner = `(?<=[${joined}])[\u{200c}\u{200d}](?=[${joined}])`;

/** An emoji of several characters: its joiners and selectors belong to it. Neither `#` nor `:` is an emoji. */
const picture =
  /\p{Extended_Pictographic}[\u{fe0e}\u{fe0f}\p{Emoji_Modifier}]?(?:\u{200d}\p{Extended_Pictographic}[\u{fe0f}\p{Emoji_Modifier}]?)*/gu;

const either = new RegExp(`(${picture.source}|[0-9]\\u{fe0f}\\u{20e3}|${joiner})|${hidden.source}`, 'gu');

/** Shows `\u202e` for an invisible character; the text may have several lines. */
export const visible = (text: string): string =>
  text.replace(/\r\n/g, '\n').replace(either, (found, kept: string | undefined) => kept ?? escaped(found));

/** `visible`, with the ends of lines shown as well: for a place that holds one line. */
export const oneLine = (text: string): string => visible(text).replace(/\n/g, '\\n');

/** `\u{e0041}` beyond the first plane. */
const escaped = (character: string): string => {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  return code > 0xffff ? `\\u{${hex}}` : `\\u${hex.padStart(4, '0')}`;
};

/**
 * Text of several lines without any command for the runner. The runner reads line by line (`\r` and `\n` both end one) and takes
 * `::name …::` after any white space, and `##[name …]` at any place (actions/runner, ActionCommand.TryParseV2 and TryParse). It
 * compares by culture, which skips ignorable characters: `visible` goes first. A backslash marks each disarmed command.
 */
export const withoutCommands = (text: string): string =>
  visible(text)
    .replace(/^(\s*)(?=::)/gm, '$1\\')
    .replace(/##\[/g, '##\\[');

/** JSON that parses to the same value, without any command for a runner or a terminal. */
export const jsonText = (value: unknown, indent?: number): string =>
  (JSON.stringify(value, undefined, indent) ?? 'null')
    .replace(hidden, (found) => [...codeUnits(found)].map((unit) => `\\u${unit}`).join(''))
    .replace(/##\[/g, '##\\u005b');

const codeUnits = function* (text: string): Generator<string> {
  for (let i = 0; i < text.length; i++) yield text.charCodeAt(i).toString(16).padStart(4, '0');
};

/** One argument of a command that a reader copies into a shell: foreign text in it stays one word and runs nothing. */
export const shellWord = (text: string): string => {
  const shown = oneLine(text);
  return /^[\w%+=:,./@-]+$/.test(shown) ? shown : `'${shown.replace(/'/g, "'\\''")}'`;
};

/** ` --name value`; a value that looks like an option is bound to its name. */
export const shellOption = (name: string, value: string): string =>
  value.startsWith('-') ? ` --${name}=${shellWord(value)}` : ` --${name} ${shellWord(value)}`;

/** The beginning of a text in so many UTF-16 units at most, by which AWS and GitHub count; they refuse half of a character. */
export const beginning = (text: string, most: number): string =>
  text.length <= most ? text : text.slice(0, most).replace(/[\uD800-\uDBFF]$/, '');

/** As `beginning`; an ellipsis says that there was more. */
export const cutAt = (text: string, most: number): string =>
  text.length <= most ? text : `${beginning(text, most - 1)}…`;

/** The beginning of a text, by characters: half of one is no text. */
export const shortened = (text: string, most = 80): string => {
  if (text.length <= most) return text;
  const characters = [...text];
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`;
};
