import { describe, expect, it } from '@jest/globals';
import { readArguments } from '../../../../src/hosts/command-line/arguments.ts';
import { choice, flag, InputError, optional, text } from '../../../../src/schema.ts';

const schema = {
  version: text({ description: 'Which.' }),
  environment: text({ description: 'Where.' }),
  pace: choice({ description: 'How fast.', choices: ['slow', 'fast'], default: 'slow' }),
  retry: flag({ description: 'Again.', default: false }),
  wait: flag({ description: 'Wait.', default: true }),
  scenario: { ...optional(text({ description: 'Some.' })), repeatable: true } as const,
};
const names = Object.keys(schema);

const read = (...args: string[]): Record<string, string> => {
  const written = readArguments(schema, args);
  return Object.fromEntries(
    names.flatMap((name) => (written(name) === undefined ? [] : [[name, written(name) ?? '']])),
  );
};
const refusal = (...args: string[]): string => {
  try {
    return JSON.stringify(read(...args));
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
};

describe('arguments', () => {
  it.each<[string[], Record<string, string>]>([
    [[], {}],
    [['--version', '1.4.0'], { version: '1.4.0' }],
    [['--version=1.4.0'], { version: '1.4.0' }],
    [['--version='], { version: '' }],
    [['--version=--odd'], { version: '--odd' }],
    [['--version', '-'], { version: '-' }],
    [['--version=a=b\nc'], { version: 'a=b\nc' }],
    [['--retry'], { retry: 'true' }],
    [['--retry', '--version', '1'], { retry: 'true', version: '1' }],
    [['--retry', 'true', '--version', '1'], { retry: 'true', version: '1' }],
    [['--retry', 'false'], { retry: 'false' }],
    [['--retry', 'FALSE'], { retry: 'FALSE' }],
    [['--retry=False'], { retry: 'False' }],
    [['--no-wait'], { wait: 'false' }],
    [['--wait', 'false', '--retry'], { wait: 'false', retry: 'true' }],
    [['--version', 'false'], { version: 'false' }],
    [['--scenario', 'a', '--scenario=b'], { scenario: 'a\nb' }],
    [['--version', '1', '--version', '1'], { version: '1' }],
  ])('%j are %j', (args, expected) => {
    expect(read(...args)).toEqual(expected);
  });

  it.each<[string[], string]>([
    [['--verison', '1'], '--verison is not an option; did you mean --version?'],
    [['--env', 'production'], '--env is not an option; did you mean --environment?'],
    [['-version'], '-version is not an option; did you mean --version?'],
    [['-x'], '-x is not an option; see --help'],
    [['--hlep'], '--hlep is not an option; did you mean --help?'],
    [['--help=false'], '--help takes no value; write it alone'],
    [['--no-version'], '--no-version is not an option; did you mean --version?'],
    [['--no-retri'], '--no-retri is not an option; did you mean --retry?'],
    [['--no-retry=true'], '--no-retry takes no value; --retry does'],
    [['--version'], '--version needs a value'],
    [['--version', '--retry'], '--version needs a value'],
    [['--retry', 'yes'], 'retry: "yes" is not a boolean; expected true or false'],
    [['1.4.0'], '"1.4.0" is not expected here; options are written --name value'],
    [['--', '--version', '1'], '"--" is not expected here; options are written --name value'],
    [
      ['--environment', 'staging', '--environment=production'],
      '--environment is given twice, as "staging" and as "production"',
    ],
    [['--wait', '--no-wait'], '--wait is given twice, as "true" and as "false"'],
  ])('%j are refused: %s', (args, expected) => {
    expect(refusal(...args)).toBe(expected);
  });

  it('leave a boolean that is none to its field, so that all mistakes are reported at once', () => {
    expect(() => schema.retry.parse(read('--retry=yes')['retry'] ?? '', 'retry')).toThrow('"yes" is not a boolean');
  });
});
