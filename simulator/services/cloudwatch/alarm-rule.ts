import { AwsError } from '../../contracts.ts';
import { notSimulated } from '../../not-simulated.ts';
import type { AlarmState } from './missing-data.ts';

/** The rule of a composite alarm, for the states of the alarms that it names (API reference: PutCompositeAlarm, AlarmRule). */
export interface AlarmRule {
  /** Names and ARNs as they are written, each once, in order. */
  readonly names: readonly string[];
  holds(stateOf: (name: string) => AlarmState | undefined): boolean;
}

type Condition = AlarmRule['holds'];
interface Token {
  readonly text: string;
  readonly at: number;
  readonly quoted?: true;
}

const invalid = (message: string): AwsError => new AwsError('ValidationError', message);
/** Its words in aws/aws-cdk#13953. */
const unsupported = ({ text, at }: Token, wanted: string): AwsError =>
  invalid(`Error in AlarmRule [Unsupported token '${text}' at char ${at}, must be: ${wanted}]`);

const tokensOf = (text: string): readonly Token[] =>
  [...text.matchAll(/"([^"]*)"|[()]|[^\s()"]+|"/g)].map(({ 0: whole, 1: quoted, index: at }) =>
    quoted === undefined ? { text: whole, at } : { text: quoted, at, quoted: true },
  );

const states: readonly string[] = ['ALARM', 'OK', 'INSUFFICIENT_DATA'] satisfies readonly AlarmState[];
const isState = (text: string): text is AlarmState => states.includes(text);

/**
 * NOT binds closer than AND, and AND closer than OR: no page says so, but every one of AWS's examples reads so.
 * @throws {AwsError} ValidationError
 */
export const parseRule = (text: string): AlarmRule => {
  // hashicorp/terraform-provider-aws#19575.
  if (text.trim() !== text) throw invalid('AlarmRule must not contain leading or trailing whitespace or be null');
  const tokens = tokensOf(text);
  const names = new Set<string>();
  let next = 0;
  const peek = (): Token => tokens[next] ?? { text: '<EOF>', at: text.length };
  const is = (word: string): boolean => !peek().quoted && peek().text.toUpperCase() === word;
  const take = (word: string): void => {
    if (!is(word)) throw unsupported(peek(), `'${word}'`);
    next++;
  };

  const named = (state: AlarmState): Condition => {
    take('(');
    const name = peek();
    if (next >= tokens.length || is('(') || is(')')) throw unsupported(name, 'an alarm name');
    next++;
    take(')');
    names.add(name.text);
    return (stateOf) => stateOf(name.text) === state;
  };
  const operand = (): Condition => {
    const token = peek();
    if (is('NOT')) {
      next++;
      const negated = operand();
      return (stateOf) => !negated(stateOf);
    }
    if (is('(')) {
      next++;
      const inner = either();
      take(')');
      return inner;
    }
    if (is('TRUE') || is('FALSE')) {
      const value = is('TRUE');
      next++;
      return () => value;
    }
    if (is('AT_LEAST')) throw notSimulated('cloudwatch PutCompositeAlarm, AT_LEAST in AlarmRule');
    const state = token.text.toUpperCase();
    if (token.quoted || !isState(state))
      throw unsupported(token, "'ALARM', 'OK', 'INSUFFICIENT_DATA', 'NOT', 'TRUE', 'FALSE' or '('");
    next++;
    return named(state);
  };
  const chain = (word: string, part: () => Condition, joins: 'every' | 'some') => (): Condition => {
    const parts = [part()];
    while (is(word)) {
      next++;
      parts.push(part());
    }
    return (stateOf) => parts[joins]((one) => one(stateOf));
  };
  const both = chain('AND', operand, 'every');
  const either: () => Condition = chain('OR', both, 'some');

  const holds = either();
  if (next < tokens.length) throw unsupported(peek(), "'AND' or 'OR'");
  return { names: [...names], holds };
};
