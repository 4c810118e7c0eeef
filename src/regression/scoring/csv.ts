import { InputError } from '../../schema.ts';
import { longestRow, type Row, type Take } from './row.ts';

/**
 * CSV as RFC 4180 has it, with a header: comma, double quotes, CRLF or LF. An empty cell is no value; `""` is empty text. Columns
 * `score[setosa]`, `score[versicolor]` become one score by class.
 */
export const csvReader = (path: string, take: Take): ((text: string, last: boolean) => void) => {
  let header: Header | undefined;
  let rows = 0;
  const refuseAt =
    (line: number) =>
    (because: string): never => {
      throw new InputError(`${path}:${line}: ${because}`);
    };
  const feed = csvLines((cells, line) => {
    if (header === undefined) {
      header = headerOf(cells, refuseAt(line));
      return;
    }
    if (cells.length !== header.length) refuseAt(line)(`has ${cells.length} cells; the header has ${header.length}`);
    rows++;
    take(rowOf(header, cells), line, 'csv');
  }, refuseAt);
  return (text, last) => {
    feed(text, last);
    if (last && rows === 0) throw new InputError(`${path}: there is no row below the header`);
  };
};

/** The cells of one line; an empty one is undefined. */
export type Cells = readonly (string | undefined)[];

/** The lines of CSV, without a meaning for the first. A blank line is none. */
export const csvLines = (
  take: (cells: Cells, line: number) => void,
  refuseAt: (line: number) => (because: string) => never,
): ((text: string, last: boolean) => void) => {
  let cells: (string | undefined)[] = [];
  let cell = '';
  /** Within quotes; after the closing quote; else outside. */
  let state: 'outside' | 'quotes' | 'after' = 'outside';
  let [line, begin] = [1, 1];
  const refuse = (because: string): never => refuseAt(begin)(because);
  const endCell = (): void => {
    if (cell.length > longestRow) refuse(`a cell has more than ${longestRow} characters`);
    cells.push(cell === '' && state === 'outside' ? undefined : cell);
    cell = '';
    state = 'outside';
  };
  const endRow = (): void => {
    endCell();
    const blank = cells.length === 1 && cells[0] === undefined;
    if (!blank) take(cells, begin);
    cells = [];
  };
  return (text, last) => {
    for (const sign of text) {
      if (state === 'quotes' && sign !== '"') cell += sign;
      else if (sign === '"') {
        if (state === 'outside' && cell !== '') refuse('a quote within a cell without quotes');
        // A doubled quote is one quote of the text.
        if (state === 'after') cell += sign;
        state = state === 'quotes' ? 'after' : 'quotes';
      } else if (sign === ',') endCell();
      else if (sign === '\n') endRow();
      else if (sign === '\r') continue;
      else if (state === 'after') refuse('text after the closing quote of a cell');
      else cell += sign;
      if (sign === '\n') {
        line++;
        if (state !== 'quotes') begin = line;
      }
    }
    if (cell.length > longestRow) refuse('a quote is not closed');
    if (!last) return;
    if (state === 'quotes') refuse('a quote is not closed');
    endRow();
  };
};

/** The names of the columns; of `score[setosa]`, the class. */
type Header = readonly { readonly name: string; readonly scoreOf?: string }[];

/** Without a header, the first row of data stands in its place, and its cells may be confidential: no error quotes one. */
const headerOf = (cells: Cells, refuse: (because: string) => never): Header => {
  if (!cells.includes('id')) return refuse('the first line must be a header with `id`, `label` and the other columns');
  return cells.map((name, at) => {
    if (name === undefined) return refuse(`column ${at + 1} of the header has no name`);
    const first = cells.indexOf(name);
    if (first < at) return refuse(`columns ${first + 1} and ${at + 1} of the header have the same name`);
    const [, scoreOf] = /^score\[(.+)\]$/s.exec(name) ?? [];
    return scoreOf === undefined ? { name } : { name, scoreOf };
  });
};

const rowOf = (header: Header, cells: Cells): Row => {
  const row: Record<string, unknown> = Object.create(null);
  let scores: Record<string, unknown> | undefined;
  for (let at = 0; at < header.length; at++) {
    const [{ name, scoreOf } = { name: '' }, value] = [header[at], cells[at]];
    if (scoreOf === undefined) row[name] = value ?? null;
    else if (value !== undefined) {
      scores ??= Object.create(null) as Record<string, unknown>;
      scores[scoreOf] = value;
    }
  }
  if (scores !== undefined) row['score'] = scores;
  return row;
};
