/** Why a stored text cannot be read as data: one clause, which follows the name of its place. */
export class UnreadableText extends Error {
  override readonly name = 'UnreadableText';
}

/**
 * The suite writes nothing so deep. The parser has no limit of its own, and later code that walks over its result (comparison,
 * printing) would overflow the stack.
 */
const deepest = 64;

/**
 * Parses JSON from a place where others may write.
 * @throws {UnreadableText}
 */
export const readJson = (text: string): unknown => {
  // This check comes before the parser: a text of brackets alone takes the parser seconds and gigabytes.
  if (depthOf(text) > deepest) throw new UnreadableText(`is nested deeper than ${deepest} levels`);
  try {
    return JSON.parse(text);
  } catch {
    throw new UnreadableText('is not JSON');
  }
};

/** Depth of brackets outside of strings; a text that is not JSON has a depth too. */
const depthOf = (text: string): number => {
  let depth = 0;
  let most = 0;
  let quoted = false;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (quoted) {
      if (code === backslash) index += 1;
      else if (code === quote) quoted = false;
    } else if (code === quote) quoted = true;
    else if (code === openBracket || code === openBrace) {
      depth += 1;
      if (depth > most) most = depth;
    } else if (code === closeBracket || code === closeBrace) depth -= 1;
  }
  return most;
};
const [quote, backslash, openBracket, closeBracket, openBrace, closeBrace] = [34, 92, 91, 93, 123, 125];
