import { describe, expect, it } from '@jest/globals';
import {
  beginning,
  cutAt,
  jsonText,
  oneLine,
  shellOption,
  shellWord,
  visible,
  withoutCommands,
} from '../../../src/plain-text.ts';
import { fc } from '../../support/properties.ts';
import { commandsIn } from '../../support/runner-commands.ts';

/** What a text may be made of that wants to be more than text. */
const dangerous = fc.oneof(
  fc.constantFrom(
    '::add-mask::1.4.0',
    '::save-state name=reported::yes',
    '::stop-commands::x',
    '::set-output name=outcome::succeeded',
    '##[add-mask]churn',
    '##[group]',
    '::',
    '##',
    '[',
    ']',
    'error',
    ' ',
    '\t',
    '\n',
    '\r',
    '\r\n',
    '\u0085',
    '\u00a0',
    '\u2028',
    '\u2029',
    '\u000b',
    '\u000c',
    '\u200b',
    '\u00ad',
    '\ufeff',
    '\ufe0f',
    '\u034f',
    '\u{e0041}',
    '\u202e',
    '\u001b[31m',
    '\u001b]0;title\u0007',
    '\u0000',
    '#\ufe0f#\ufe0f[',
    '%0A',
    '\ud800',
  ),
  fc.string({ unit: 'binary', maxLength: 5 }),
);
const text = fc.array(dangerous, { maxLength: 12 }).map((parts) => parts.join(''));

describe('the model of the runner', () => {
  it.each([
    ['::add-mask::x', 'add-mask'],
    ['  \t::error title=a::x', 'error'],
    ['\u2003::group::x', 'group'],
    ['\u200b::group::x', 'group'],
    ['a note ##[add-mask]x', 'add-mask'],
    ['a\r::debug::x', 'debug'],
    ['a\n##[debug]x', 'debug'],
  ])('takes %j for a command', (line, name) => {
    expect(commandsIn(line)).toEqual([expect.objectContaining({ name })]);
  });

  it.each(['a ::group::x', ':: x', '#[group]', '# #[group]', '\\::group::x'])('takes %j for text', (line) => {
    expect(commandsIn(line)).toEqual([]);
  });
});

describe('foreign text in a log', () => {
  it('is never a command, wherever it stands', () => {
    fc.assert(
      fc.property(text, fc.constantFrom('', '  ', 'note: ', '2026-01-05T09:00:00Z  10 %  '), (foreign, before) => {
        expect(commandsIn(withoutCommands(`${before}${foreign}`))).toEqual([]);
      }),
      { numRuns: 3000 },
    );
  });

  it('stays as it is when it was plain, and the second time', () => {
    const plain =
      'churn-1-4-0 serves 100 % of 8 requests/s: "fine" [see #12], 5xx < 1 %; a::b, ünïcode 模型 👩‍🔬 ❤️\n\tindented';
    expect(withoutCommands(plain)).toBe(plain);
    // Persian, Hindi and Sinhala join and part letters by characters of their own; a keycap and a sign are drawn by theirs.
    const written = 'می\u200cخواهم क\u094d\u200dष ශ\u0dca\u200dරී step 1\ufe0f\u20e3 \u26a0\ufe0e';
    expect(withoutCommands(written)).toBe(written);
    fc.assert(
      fc.property(text, (foreign) => {
        const once = withoutCommands(foreign);
        expect(withoutCommands(once)).toBe(once);
      }),
    );
  });

  it('shows what it was kept from doing', () => {
    expect(withoutCommands('better\n  ::add-mask::1.4.0\nand ##[group]x')).toBe(
      'better\n  \\::add-mask::1.4.0\nand ##\\[group]x',
    );
  });
});

describe('hidden characters', () => {
  it.each([
    ['approved\u202etcejer', 'approved\\u202etcejer'],
    ['a\u2066b\u2069', 'a\\u2066b\\u2069'],
    ['\u001b[2J\u001b[31mred', '\\u001b[2J\\u001b[31mred'],
    ['good\rbad', 'good\\u000dbad'],
    ['a\u0000b\u007f\u009b', 'a\\u0000b\\u007f\\u009b'],
    ['z\u200bw\u{e0041}', 'z\\u200bw\\u{e0041}'],
    ['not\u200c::joined a\u200db م\u200c\u200cن م\u200c', 'not\\u200c::joined a\\u200db م\\u200c\\u200cن م\\u200c'],
    ['half \ud83d', 'half \\ud83d'],
    ['a\u2028b\ufffe', 'a\\u2028b\\ufffe'],
    ['line\r\nline', 'line\nline'],
  ])('%j are shown', (hidden, shown) => {
    expect(visible(hidden)).toBe(shown);
  });

  it('leave no line end where there is room for one line', () => {
    expect(oneLine('a\r\nb\nc\u2029')).toBe('a\\nb\\nc\\u2029');
  });

  it('are never left, in any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (foreign) => {
        expect(visible(foreign)).not.toMatch(/[\p{Cs}\p{Zl}\p{Zp}]|[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069\u200b]/u);
      }),
    );
  });
});

describe('JSON', () => {
  it('parses to the same, is no command, and hides nothing', () => {
    fc.assert(
      fc.property(fc.dictionary(text, text), fc.constantFrom(undefined, 2), (value, indent) => {
        const json = jsonText(value, indent);
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(commandsIn(json)).toEqual([]);
        expect(visible(json)).toBe(json);
        expect(withoutCommands(json)).toBe(json);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a command to copy', () => {
  it.each([
    ['production', 'production'],
    ['ci/delivery.yml', 'ci/delivery.yml'],
    ['a b', "'a b'"],
    ['x; rm -rf ~', "'x; rm -rf ~'"],
    ['$(curl evil)', "'$(curl evil)'"],
    ["it's `id`", "'it'\\''s `id`'"],
    ['a\nb', "'a\\nb'"],
    ['', "''"],
    ['~root', "'~root'"],
    ['!!', "'!!'"],
  ])('has %j as one word', (value, word) => {
    expect(shellWord(value)).toBe(word);
  });

  it('takes no value for an option', () => {
    expect(shellOption('manifest', '--json')).toBe(' --manifest=--json');
    expect(shellOption('manifest', 'a b')).toBe(" --manifest 'a b'");
  });
});

describe('the beginning of a text', () => {
  it('has no half of a character, which AWS and GitHub refuse', () => {
    expect([beginning('ab😀', 4), beginning('ab😀', 3), beginning('ab😀c', 4)]).toEqual(['ab😀', 'ab', 'ab😀']);
    expect([cutAt('ab😀', 4), cutAt('ab😀cd', 5), cutAt('ab😀cd', 4)]).toEqual(['ab😀', 'ab😀…', 'ab…']);
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(20), (text, most) => {
        const found = beginning(text, most);
        expect(text.startsWith(found)).toBe(true);
        expect(found.isWellFormed()).toBe(true);
        expect(found.length).toBeGreaterThanOrEqual(Math.min(text.length, most) - 1);
        expect(found.length).toBeLessThanOrEqual(most);
      }),
    );
  });
});
