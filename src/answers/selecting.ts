import type { Selector } from '../manifest/asking.ts';
import { isPath, oneValue } from './selector.ts';

export interface Select {
  (selector: Selector): unknown;
  /** Values are texts of a CSV line. */
  readonly isText: boolean;
}

/** @returns why the body cannot be read */
export const selecting = (text: string, contentType: string): Select | string => {
  if (/json/i.test(contentType) || /^\s*[[{]/.test(text)) {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return 'it is not JSON';
    }
    return Object.assign((selector: Selector) => (isTextPath(selector) ? oneValue(value, selector) : undefined), {
      isText: false,
    });
  }
  const [line = ''] = text.split(/\r?\n/);
  const cells = cellsOf(line);
  return Object.assign((selector: Selector) => (typeof selector === 'number' ? cells[selector] : undefined), {
    isText: true,
  });
};

const isTextPath = (selector: Selector): selector is string => typeof selector === 'string' && isPath(selector);

/** The cells of one CSV line (RFC 4180). A comma before each: a match of no character would be followed by one that leaves a sign out. */
const cellsOf = (line: string): readonly string[] =>
  [...`,${line}`.matchAll(/,(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, plain = '']) => quoted?.replaceAll('""', '"') ?? plain.trim(),
  );
