import type { data } from '@actions/expressions';
import type { FunctionDefinition } from '@actions/expressions/funcs/info';
import { expressions } from './github-packages.ts';

const { BooleanData, Dictionary, Null, NumberData, StringData } = expressions.data;

type Value = string | boolean | number | undefined | Values | readonly Value[];
export interface Values {
  readonly [name: string]: Value;
}

/** The state of a job, or of its needs: it decides the four status functions. */
export type Status = 'success' | 'failure' | 'cancelled' | 'skipped';

/** Evaluates one expression, without its `${{ }}`, as GitHub does. */
export const evaluate = (expression: string, contexts: Values, status: Status = 'success'): data.ExpressionData => {
  const functions: FunctionDefinition[] = Object.entries({
    success: status === 'success',
    failure: status === 'failure',
    cancelled: status === 'cancelled',
    always: true,
  }).map(([name, is]) => ({ name, minArgs: 0, maxArgs: 0, call: () => new BooleanData(is) }));
  const { tokens } = new expressions.Lexer(expression).lex();
  const tree = new expressions.Parser(tokens, Object.keys(contexts), functions).parse();
  const known = new Map(functions.map((one) => [one.name, one]));
  return new expressions.Evaluator(tree, dictionary(contexts), known).evaluate();
};

/** `sagemaker-${{ needs.plan.outputs.endpoint-key }}` with its expressions replaced by their text. */
export const fill = (text: unknown, contexts: Values): string =>
  String(text).replace(/\$\{\{([\s\S]*?)\}\}/g, (_all, expression: string) =>
    evaluate(expression, contexts).coerceString(),
  );

/** False, 0, '' and null are falsy in an `if`. */
export const holds = (expression: string, contexts: Values, status: Status): boolean => {
  const found = evaluate(expression, contexts, status);
  if (found instanceof BooleanData || found instanceof StringData || found instanceof NumberData) return !!found.value;
  return !(found instanceof Null);
};

const dictionary = (values: Values): data.Dictionary => {
  const found = new Dictionary();
  for (const [key, value] of Object.entries(values)) found.add(key, dataOf(value));
  return found;
};

const dataOf = (value: Value): data.ExpressionData => {
  if (value === undefined) return new Null();
  if (isList(value)) return listed(value);
  if (typeof value === 'object') return dictionary(value);
  if (typeof value === 'boolean') return new BooleanData(value);
  return typeof value === 'number' ? new NumberData(value) : new StringData(value);
};

// Array.isArray narrows no readonly array.
const isList = (value: Value): value is readonly Value[] => Array.isArray(value);

const listed = (values: readonly Value[]): data.ExpressionData => {
  const found = new expressions.data.Array();
  for (const value of values) found.add(dataOf(value));
  return found;
};
