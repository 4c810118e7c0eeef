import { existsSync } from 'node:fs';
import { type Field, InputError, type Schema } from '../schema.ts';
import { keepVariablesOf } from '../secrets.ts';
import { readTextFile, tooLarge } from './read-file.ts';
import type { Stray } from './stray-inputs.ts';

/** Users write `package-version` for both `packageVersion` and `package-version`. */
export const wireName = (key: string): string => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** The user's text for one input, by its wire name; undefined when there is none. */
export type Written = (name: string) => string | undefined;

/** The text of the file that an input names, which may be as large as `mostBytes`. @throws {InputError} */
export type ReadFile = (name: string, path: string, mostBytes: number) => string;

/** The fields of a schema with the names users write, in the order of declaration. */
export const fieldsOf = <Values>(schema: Schema<Values>): readonly (readonly [string, Field<unknown>])[] =>
  Object.entries<Field<unknown>>(schema as Record<string, Field<unknown>>).map(([key, field]) => [
    wireName(key),
    field,
  ]);

/**
 * The typed inputs, read once and before anything else happens. An empty text counts as a missing input, except for a field that
 * refuses it. GitHub passes `''` for every input that a workflow leaves out, so its host calls such an input missing.
 * @param strays the inputs that the user wrote and no field declares
 * @throws {InputError} naming every input that is missing, wrong or unknown; the parser's own error when only one input is wrong
 */
export const readInputs = <Values>(
  schema: Schema<Values>,
  written: Written,
  readFile: ReadFile = readText,
  strays: readonly Stray[] = [],
): Values => {
  const values: Record<string, unknown> = {};
  const problems: unknown[] = strays.map(({ problem }) => new InputError(problem));
  for (const [key, field] of Object.entries<Field<unknown>>(schema as Record<string, Field<unknown>>)) {
    const name = wireName(key);
    const given = written(name);
    if (given?.trim() === '' && field.refusesEmpty !== undefined) {
      problems.push(new InputError(`${name}: is empty; ${field.refusesEmpty}`));
      continue;
    }
    const text = given || field.default;
    // A misspelt input is one mistake, not two.
    if (text === undefined && strays.some(({ meant }) => meant === name)) continue;
    try {
      values[key] = readField(name, field, text, readFile);
    } catch (problem) {
      problems.push(problem);
    }
  }
  if (problems.length === 1) throw problems[0];
  if (problems.length > 1) throw new InputError(problems.map(messageOf).join('\n'));
  keepVariablesOf(values);
  return values as Values;
};

const readField = (name: string, field: Field<unknown>, text: string | undefined, readFile: ReadFile): unknown => {
  if (text === undefined) {
    if (!field.required) return undefined;
    throw new InputError(`${name} is required: ${field.description}`);
  }
  if (field.kind !== 'file') return field.parse(text, name);
  const { mostBytes = longestFile } = field;
  const content = readFile(name, text, mostBytes);
  if (Buffer.byteLength(content) > mostBytes)
    throw new InputError(`${name}: ${tooLarge(JSON.stringify(text), mostBytes)}`);
  return field.parse(content, text);
};

const longestFile = 1024 * 1024;

const readText: ReadFile = (name, path, mostBytes) => {
  try {
    return readTextFile(path, mostBytes);
  } catch (error) {
    if (error instanceof InputError) throw new InputError(`${name}: ${error.message}`);
    throw new InputError(
      `${name}: cannot read ${JSON.stringify(path)}: ${whyUnreadable(error as NodeJS.ErrnoException)}`,
    );
  }
};

const whyUnreadable = ({ code, message }: NodeJS.ErrnoException): string => {
  switch (code) {
    case 'ENOENT':
      return `there is no such file in ${process.cwd()} (ENOENT)${isCheckedOut() ? '' : '; no repository is checked out there: run actions/checkout before this step'}`;
    case 'EISDIR':
      return 'it is a folder (EISDIR)';
    case 'EACCES':
      return 'this user may not read it (EACCES)';
    default:
      return code ?? message;
  }
};

/** On other machines than GitHub's a folder needs no repository. */
const isCheckedOut = (): boolean => !process.env['GITHUB_ACTIONS'] || existsSync('.git');

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
