import { compile, JSONPathError, type JSONPathQuery, type JSONValue } from 'json-p3';
import { InputError } from '../schema.ts';

export const isPath = (selector: string): boolean => selector.startsWith('$');

const compiled = new Map<string, JSONPathQuery>();

/** @param name of the key that has the path. @throws {InputError} when it is no JSONPath (RFC 9535) */
export const requirePath = (path: string, name: string): void => {
  try {
    compiled.set(path, compile(path));
  } catch (error) {
    if (!(error instanceof JSONPathError)) throw error;
    throw new InputError(`${name}: ${JSON.stringify(path)} is no JSONPath: ${error.message}`);
  }
};

/** The value at a path that leads to exactly one; undefined otherwise. */
export const oneValue = (data: unknown, path: string): unknown => {
  const query = compiled.get(path) ?? compile(path);
  compiled.set(path, query);
  const found = query.query(data as JSONValue).values();
  return found.length === 1 ? found[0] : undefined;
};
