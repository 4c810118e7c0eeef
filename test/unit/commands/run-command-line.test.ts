import { describe, expect, it, jest } from '@jest/globals';
import { commands } from '../../../src/commands/all.ts';
import type { Command } from '../../../src/commands/command.ts';
import { type Commands, loaded } from '../../../src/commands/loaded.ts';
import { runCommandLine } from '../../../src/commands/run-command-line.ts';
import { readArguments } from '../../../src/hosts/command-line/arguments.ts';
import type { CommandLine } from '../../../src/hosts/command-line/command-line.ts';
import { fieldsOf } from '../../../src/inputs/read-inputs.ts';
import { flag, optional, text } from '../../../src/schema.ts';
import { version } from '../../../src/version.ts';

const host = (): CommandLine => {
  throw new Error('help needs no host');
};

const sing: Command = {
  does: 'Sings.',
  words: 'high|low',
  notes: ['Bring a hat.'],
  options: {
    song: optional(text({ description: 'Which.', example: 'folk' })),
    loud: flag({ description: 'Loudly.', default: true }),
  },
  examples: [{ line: 'sing high', does: 'Sings high.' }],
  exits: { 0: 'sung', 2: 'wrong' },
  run: async () => 7,
};

const run = async (args: readonly string[], table: Commands = commands) => {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runCommandLine(args, table, host, {
    out: (line) => out.push(line),
    err: (line) => err.push(line),
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
};

describe('the command line', () => {
  it('lists every command with its sentence', async () => {
    for (const args of [['--help'], ['-h'], ['help']]) {
      const { code, out } = await run(args);
      expect(code).toBe(0);
      for (const name of Object.keys(commands)) expect(out).toMatch(new RegExp(`^  ${name} `, 'm'));
      for (const { does } of Object.values(await loaded(commands))) expect(out).toContain(does);
    }
    expect(await run([])).toMatchObject({ code: 2, out: '', err: expect.stringContaining('model-delivery <command>') });
  });

  it('describes a plan as a plan, which deploys nothing and waits for nothing', async () => {
    const { out } = await run(['plan', '--help']);
    expect(out).toContain('Registered version of the plan');
    expect(out).not.toMatch(/version to deploy|Try a version again|brings? the|Wait for/);
  });

  it('prints its version', async () => {
    for (const args of [['--version'], ['-v']]) expect(await run(args)).toEqual({ code: 0, out: version, err: '' });
  });

  it.each([
    [['deploi-endpoint'], '"deploi-endpoint" is not a command; did you mean deploy-endpoint?'],
    [['deploy', '--environment', 'production'], '"deploy" is not a command; did you mean deploy-endpoint?'],
    [['help', 'pln'], '"pln" is not a command; did you mean plan?'],
    [['constructor'], '"constructor" is not a command; expected '],
    [
      ['--environment', 'production', 'plan'],
      '--environment is not a command; the command comes first: model-delivery plan --environment …',
    ],
  ])('answers %j with a suggestion and 2', async (args, message) => {
    const { code, out, err } = await run(args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(message);
  });

  it('prints help from the declaration, wherever it is wished for, and runs nothing', async () => {
    const spy = jest.fn(sing.run);
    const expected = [
      'model-delivery sing high|low [--option value …]',
      '',
      'Sings.',
      '',
      'Bring a hat.',
      '',
      'Options',
      '  --song <text>',
      '      Which. (e.g. folk)',
      '  --[no-]loud',
      '      Loudly. (default: true)',
      '  --help',
      '      Print this.',
      '',
      'Examples',
      '  model-delivery sing high',
      '      Sings high.',
      '',
      'Exit codes',
      '  0  sung',
      '  2  wrong',
    ].join('\n');
    for (const args of [
      ['sing', '--help'],
      ['sing', '-h'],
      ['sing', '--song', 'x', '--help'],
      ['help', 'sing'],
      ['--help', 'sing'],
      ['sing', '--nonsense', '--help'],
    ])
      expect(await run(args, { sing: async () => ({ ...sing, run: spy }) })).toEqual({
        code: 0,
        out: expected,
        err: '',
      });
    expect(spy).not.toHaveBeenCalled();
    expect((await run(['sing'], { sing: async () => ({ ...sing, run: spy }) })).code).toBe(7);
  });
});

describe.each(Object.entries(await loaded(commands)))('%s', (name, command) => {
  it('has help of its own: each option with its words, examples, exit codes', async () => {
    const { code, out, err } = await run([name, '--help']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out.startsWith(`model-delivery ${name} `)).toBe(true);
    expect(out).toContain(command.does);
    for (const [option, field] of fieldsOf(command.options)) {
      expect(out).toMatch(new RegExp(`^  --(\\[no-\\])?${option}\\b`, 'm'));
      expect(out).toContain(field.description);
    }
    expect(Object.keys(command.exits)).toEqual(expect.arrayContaining(['0', '2']));
    expect(command.examples.length).toBeGreaterThan(0);
  });

  it('takes its own examples', () => {
    for (const { line } of command.examples) {
      const [command_, ...args] = words(line);
      expect(command_).toBe(name);
      const end = command.program === undefined ? -1 : args.indexOf('--');
      const own = end < 0 ? args : args.slice(0, end);
      const options = command.words === undefined ? own : own.slice(1);
      if (command.words !== undefined) expect(command.words.split('|')).toContain(args[0]);
      const written = readArguments(command.options, options);
      for (const [option, field] of fieldsOf(command.options)) {
        const value = written(option);
        if (field.required) expect({ line, option, value }).toEqual({ line, option, value: expect.any(String) });
        if (value !== undefined && field.kind !== 'file') field.parse(value, option);
      }
    }
  });

  it('has no option that shadows --help', () => {
    expect(Object.keys(command.options)).not.toContain('help');
  });
});

/** As a shell splits it; what is redirected is no argument. */
const words = (line: string): string[] =>
  [...(line.split(' < ')[0] ?? '').matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
