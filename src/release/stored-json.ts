/** Why a stored text cannot be read as data; one clause that follows the name of its place. */
export class UnreadableText extends Error {
  override readonly name = 'UnreadableText';
}

/**
 * Deeper than anything the suite writes. The parser has no limit of its own, and whatever walks over its result (comparison,
 * printing) would end in a stack overflow.
 */
const deepest = 64;

/**
 * Parses JSON that lay where others may write.
 * @throws {UnreadableText}
 */
export const readJson = (text: string): unknown => {
  // Looked at before the parser is: a text of brackets alone takes it seconds and gigabytes.
  if (depthOf(text) > deepest) throw new UnreadableText(`is nested deeper than ${deepest} levels`);
  try {
    return JSON.parse(text);
  } catch {
    throw new UnreadableText('is not JSON');
  }
};

/** Of brackets outside of strings; what is no JSON has some depth too. */
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
