import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { coloured, printDefect, processTerminal, style } from '../../../src/hosts/terminal.ts';
import { jsonText } from '../../../src/plain-text.ts';
import { keepSecret } from '../../../src/secrets.ts';
import { commandsIn } from '../../support/runner-commands.ts';

const foreign = '::add-mask::x\n##[group]\u001b[2J\u202e';

describe('what a process prints by itself', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });
  const written = (stream: 'stdout' | 'stderr', print: () => void): string => {
    const write = jest.spyOn(process[stream], 'write').mockReturnValue(true);
    print();
    return write.mock.calls.map(([text]) => String(text)).join('');
  };

  it.each(['out', 'err'] as const)('is text, and no command of a runner or a terminal: %s', (way) => {
    const text = written(way === 'out' ? 'stdout' : 'stderr', () => processTerminal[way](foreign));
    expect(text).toBe('\\::add-mask::x\n##\\[group]\\u001b[2J\\u202e\n');
    expect(commandsIn(text)).toEqual([]);
  });

  it('has no secret that the process learned, and JSON stays JSON', () => {
    keepSecret('terminal-secret-of-this-test');
    const value = { because: `${foreign} terminal-secret-of-this-test` };
    const text = written('stdout', () => processTerminal.out(jsonText(value, 2)));
    expect(JSON.parse(text)).toEqual({ because: `${foreign} ***` });
  });

  it('is a sentence, also where nothing caught the error', () => {
    const text = written('stderr', () => printDefect(new TypeError(`${foreign} password=hunter2`)));
    expect(text).toMatch(/^failed\/internal-error: /);
    expect(commandsIn(text)).toEqual([]);
    expect(text).not.toContain('hunter2');
  });
});

describe('colours', () => {
  const terminal = { isTTY: true, hasColors: () => true };
  const plain = [
    { ...terminal, hasColors: () => false },
    { ...terminal, isTTY: false },
  ];

  it('are for terminals that have them', () => {
    expect(style('red', 'x', terminal)).toBe('\u001b[31mx\u001b[39m');
    for (const stream of plain) expect(style('red', 'x', stream)).toBe('x');
  });

  it('stay around foreign text, which has no other escape sequence and no command', () => {
    const text = `${style('bold', foreign, terminal)}\u001b[8mhidden`;
    expect(coloured(text, terminal)).toBe(
      '\u001b[1m\\::add-mask::x\n##\\[group]\\u001b[2J\\u202e\u001b[22m\\u001b[8mhidden',
    );
    for (const stream of plain) expect(coloured(text, stream)).not.toContain('\u001b');
  });
});
