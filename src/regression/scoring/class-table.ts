import type { Label } from '../../manifest/regression.ts';
import { quoted } from '../../secrets.ts';
import { RowProblem } from './row.ts';

/** Classes of labels and predictions, as they are written: the number 1 and the text "1" are two, and a mistake. */
export interface ClassTable {
  /**
   * @param ofText the class with the value's text, whatever its kind: one of them comes from a cell of CSV, which has none
   * @throws {RowProblem}
   */
  readonly codeOf: (value: unknown, of: 'label' | 'prediction', ofText?: boolean) => number;
  /** The class with this text, whatever its kind; a new one if there is none. For keys of scores, which are always text. */
  readonly codeOfText: (text: string) => number;
  /** Classes in the order of their values, and the new code of each former one. */
  readonly sorted: () => { readonly classes: readonly Label[]; readonly codes: Int32Array };
}

/** A table of labels × predictions is squared. More classes are usually a regression. */
const mostClasses = 1000;

/** @param positive of a binary classification, which has two classes */
export const classTable = (positive: Label | undefined): ClassTable => {
  const codes = new Map<Label, number>();
  const values: Label[] = [];
  const byText = new Map<string, number>();
  /** Codes that only keys of scores have so far: the first label or prediction with that text gives the kind. */
  const open = new Set<number>();
  const most = positive === undefined ? mostClasses : 2;

  const added = (value: Label, of: string): number => {
    if (values.length >= most)
      throw new RowProblem(
        positive === undefined
          ? `${of}: ${quoted(value)} is one class too many; at most ${mostClasses} are compared`
          : `${of}: ${quoted(value)} is a third class; a binary classification has ${values.map(quoted).join(' (positive) and ')}`,
      );
    const code = values.push(value) - 1;
    codes.set(value, code);
    byText.set(String(value), code);
    return code;
  };
  const found = (value: Label, of: string): number => {
    const code = byText.get(String(value));
    if (code === undefined) return added(value, of);
    if (!open.delete(code))
      throw new RowProblem(
        `${of}: ${named(value)} and ${named(values[code] ?? '')} differ; labels, predictions and \`positive\` are compared as they are written`,
      );
    values[code] = value;
    codes.delete(String(value));
    codes.set(value, code);
    return code;
  };
  if (positive !== undefined) added(positive, 'positive');

  return {
    codeOf: (value, of, ofText = false) => {
      if (
        typeof value !== 'string' &&
        typeof value !== 'boolean' &&
        !(typeof value === 'number' && Number.isFinite(value))
      )
        throw new RowProblem(`${of}: ${quoted(value)} is not a class; expected text, a number or a boolean`);
      const code = codes.get(value) ?? (ofText ? byText.get(String(value)) : undefined);
      if (code === undefined) return found(value, of);
      open.delete(code);
      return code;
    },
    codeOfText: (text) => {
      const known = byText.get(text);
      if (known !== undefined) return known;
      const code = added(text, 'score');
      open.add(code);
      return code;
    },
    sorted: () => {
      const classes = [...values].sort(byValue);
      const now = new Map(classes.map((value, code) => [value, code]));
      return { classes, codes: Int32Array.from(values, (value) => now.get(value) ?? 0) };
    },
  };
};

const named = (value: Label): string => `the ${typeof value === 'string' ? 'text' : typeof value} ${quoted(value)}`;

/** Numbers by size, then texts by code units, then booleans. */
export const byValue = (one: Label, other: Label): number => {
  if (typeof one === 'number' && typeof other === 'number') return one - other;
  if (typeof one !== typeof other) return typeof one < typeof other ? -1 : 1;
  return one < other ? -1 : one > other ? 1 : 0;
};
