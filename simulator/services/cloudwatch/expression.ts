import { AwsError } from '../../contracts.ts';
import { notSimulated } from '../../not-simulated.ts';

/** A metric-math expression, parsed. */
export type Expression =
  | { readonly is: 'number'; readonly value: number }
  | { readonly is: 'reference'; readonly id: string }
  | { readonly is: 'negative'; readonly of: Expression }
  | { readonly is: 'operation'; readonly operator: string; readonly left: Expression; readonly right: Expression }
  | { readonly is: 'call'; readonly name: string; readonly parameters: readonly Expression[] };

/** Values by start of period; a period without a value is absent. */
export type Values = ReadonlyMap<number, number>;
type Result = number | Values | readonly Values[];

const refuse = (expression: string, why: string): AwsError =>
  new AwsError('ValidationError', `Error in expression '${expression}': ${why}`);

const token = /\s*(?:(\d+(?:\.\d+)?)|([A-Za-z_][A-Za-z0-9_]*)|(&&|\|\||==|!=|<=|>=|[-+*/^<>(),]))/y;
/** Loosest first. */
const levels: readonly (readonly string[])[] = [
  ['||', 'OR'],
  ['&&', 'AND'],
  ['<', '<=', '>', '>=', '==', '!='],
  ['+', '-'],
  ['*', '/'],
  ['^'],
];

/** AWS: "Using math expressions with CloudWatch metrics", functions; these are not evaluated here. */
const unserved = new Set(
  'ABS ANOMALY_DETECTION_BAND AVG CEIL DATAPOINT_COUNT DATE DAY DB_PERF_INSIGHTS DIFF DIFF_TIME EPOCH FIRST FLOOR HOUR INSIGHT_RULE_METRIC LAMBDA LAST LOG LOG10 MAX METRIC_COUNT MIN MINUTE MONTH PERIOD RATE REMOVE_EMPTY RUNNING_SUM SEARCH SERVICE_QUOTA SLICE SORT STDDEV TIME_SERIES YEAR'.split(
    ' ',
  ),
);
const refuseUnserved = (text: string): void => {
  for (const [, name = ''] of text.matchAll(/\b([A-Z][A-Z0-9_]*)\s*\(/g))
    if (unserved.has(name)) throw notSimulated(`cloudwatch, the function ${name} of metric math`);
  if (/\bMETRICS\s*\(\s*["']/.test(text)) throw notSimulated('cloudwatch, METRICS of metric math with a filter');
  if (/\bFILL\s*\(.*,\s*(REPEAT|LINEAR)\s*\)/.test(text))
    throw notSimulated('cloudwatch, FILL of metric math with REPEAT or LINEAR');
  if (text.includes('[')) throw notSimulated('cloudwatch, an array in metric math');
};

const tokens = (text: string): readonly string[] => {
  const found: string[] = [];
  token.lastIndex = 0;
  while (token.lastIndex < text.trimEnd().length) {
    const match = token.exec(text);
    if (!match) throw refuse(text, 'Unsupported operand or syntax');
    found.push(match[0].trim());
  }
  return found;
};

/**
 * The supported part of metric math: arithmetic, comparisons, AND, OR, IF, FILL with a number, SUM, METRICS().
 * @throws {AwsError} NotSimulated for a query of Metrics Insights and for AWS's other functions, ValidationError for everything else
 */
export const parseExpression = (text: string): Expression => {
  if (/^\s*SELECT\s/i.test(text)) throw notSimulated('cloudwatch GetMetricData, a query of Metrics Insights');
  refuseUnserved(text);
  const rest = [...tokens(text)];
  const peek = (): string | undefined => rest[0];
  const expect = (wanted: string): void => {
    if (rest.shift() !== wanted) throw refuse(text, `Expected '${wanted}'`);
  };
  const primary = (): Expression => {
    const next = rest.shift();
    if (next === undefined) throw refuse(text, 'Unexpected end');
    if (next === '-') return { is: 'negative', of: primary() };
    if (next === '(') {
      const inner = level(0);
      expect(')');
      return inner;
    }
    if (/^\d/.test(next)) return { is: 'number', value: Number(next) };
    if (!/^[A-Za-z_]/.test(next)) throw refuse(text, `Unexpected '${next}'`);
    if (peek() !== '(') return { is: 'reference', id: next };
    rest.shift();
    const parameters: Expression[] = [];
    while (peek() !== ')') {
      if (parameters.length > 0) expect(',');
      parameters.push(level(0));
    }
    expect(')');
    return { is: 'call', name: next, parameters };
  };
  const level = (depth: number): Expression => {
    const operators = levels[depth];
    if (!operators) return primary();
    let left = level(depth + 1);
    for (let operator = peek(); operator !== undefined && operators.includes(operator); operator = peek()) {
      rest.shift();
      left = { is: 'operation', operator, left, right: level(depth + 1) };
    }
    return left;
  };
  const parsed = level(0);
  if (rest.length > 0) throw refuse(text, `Unexpected '${rest[0]}'`);
  return parsed;
};

const operate = (operator: string, a: number, b: number): number => {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '^':
      return a ** b;
    case '<':
      return Number(a < b);
    case '<=':
      return Number(a <= b);
    case '>':
      return Number(a > b);
    case '>=':
      return Number(a >= b);
    case '==':
      return Number(a === b);
    case '!=':
      return Number(a !== b);
    case '&&':
    case 'AND':
      return Number(a !== 0 && b !== 0);
    default:
      return Number(a !== 0 || b !== 0);
  }
};

export interface Scope {
  /** Every requested period: FILL fills these. */
  readonly periods: readonly number[];
  /** @throws {AwsError} ValidationError when no query has the id */
  lookUp(id: string): Values;
  /** The metrics (not the expressions) of the request. */
  readonly metrics: readonly Values[];
}

/**
 * @returns the values by period. A period where an operand is missing, or a division by zero, has none (AWS: "Using math
 *   expressions with CloudWatch metrics").
 * @throws {AwsError} ValidationError
 */
export const evaluate = (text: string, expression: Expression, scope: Scope): Values => {
  const fail = (why: string): AwsError => refuse(text, why);

  /** Applies `action` period by period where every operand has a value. */
  const zip = (
    operands: readonly (number | Values)[],
    action: (...values: number[]) => number | undefined,
  ): number | Values => {
    const at = (operand: number | Values, period: number): number | undefined =>
      typeof operand === 'number' ? operand : operand.get(period);
    const point = (period: number): number | undefined => {
      const values = operands.map((operand) => at(operand, period)).filter((value) => value !== undefined);
      const result = values.length === operands.length ? action(...values) : undefined;
      return result !== undefined && Number.isFinite(result) ? result : undefined;
    };
    if (operands.every((operand) => typeof operand === 'number')) return point(0) ?? Number.NaN;
    const result = new Map<number, number>();
    for (const period of scope.periods) {
      const value = point(period);
      if (value !== undefined) result.set(period, value);
    }
    return result;
  };
  const single = (of: Expression): number | Values => {
    const result = value(of);
    if (Array.isArray(result)) throw fail('Expected a single time series, found an array');
    return result as number | Values;
  };
  const series = (of: Expression): Values => {
    const result = single(of);
    if (typeof result === 'number') throw fail('Expected a time series, found a scalar');
    return result;
  };

  const call = (name: string, parameters: readonly Expression[]): Result => {
    const [first, second, third] = parameters;
    switch (name) {
      case 'METRICS':
        if (first) throw fail('METRICS with a filter is not supported');
        return scope.metrics;
      case 'SUM': {
        if (!first || second) throw fail('SUM takes one parameter');
        const summed = value(first);
        if (typeof summed === 'number') throw fail('SUM takes time series');
        if (!Array.isArray(summed)) return [...(summed as Values).values()].reduce((a, b) => a + b, 0);
        const total = new Map<number, number>();
        for (const member of summed as readonly Values[])
          for (const [period, amount] of member) total.set(period, (total.get(period) ?? 0) + amount);
        return new Map([...total].sort(([a], [b]) => a - b));
      }
      case 'FILL': {
        if (!first || !second || third) throw fail('FILL takes two parameters');
        const filled = series(first);
        const filler = single(second);
        if (typeof filler !== 'number') throw fail('FILL takes a number');
        return new Map(scope.periods.map((period) => [period, filled.get(period) ?? filler]));
      }
      case 'IF': {
        if (!first || !second) throw fail('IF takes two or three parameters');
        const [condition, yes] = [single(first), single(second)];
        return third
          ? zip([condition, yes, single(third)], (test, a, b) => (test !== 0 ? a : b))
          : zip([condition, yes], (test, a) => (test !== 0 ? a : undefined));
      }
      default:
        throw fail(`Unsupported function ${name}`);
    }
  };
  const value = (of: Expression): Result => {
    switch (of.is) {
      case 'number':
        return of.value;
      case 'reference':
        return scope.lookUp(of.id);
      case 'negative':
        return zip([single(of.of)], (a) => -(a ?? 0));
      case 'operation':
        return zip([single(of.left), single(of.right)], (a = 0, b = 0) => operate(of.operator, a, b));
      case 'call':
        return call(of.name, of.parameters);
    }
  };
  return series(expression);
};
