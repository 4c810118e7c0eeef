import { describe, expect, it } from '@jest/globals';
import { code, link, prose } from '../../../src/report/markdown.ts';
import { fc } from '../../support/properties.ts';

/**
 * The inline part of GitHub's Markdown, as far as foreign text could use it (CommonMark 0.31, GFM 0.29): what a reader sees outside of
 * code, and what is code. GitHub's own additions look at the first alone.
 */
const rendered = (markdown: string): { readonly text: string; readonly codes: readonly string[] } => {
  const codes: string[] = [];
  let text = '';
  for (let i = 0; i < markdown.length; ) {
    const fence = /^`+/.exec(markdown.slice(i))?.[0];
    if (fence !== undefined) {
      const close = new RegExp(`(?<!\`)\`{${fence.length}}(?!\`)`).exec(markdown.slice(i + fence.length));
      if (close) {
        const inner = markdown.slice(i + fence.length, i + fence.length + close.index);
        codes.push(/^ .* $/.test(inner) && inner.trim() !== '' ? inner.slice(1, -1) : inner);
        text += '·';
        i += 2 * fence.length + close.index;
        continue;
      }
      text += fence;
      i += fence.length;
      continue;
    }
    const backslashed = /^\\([!-/:-@[-`{-~])/.exec(markdown.slice(i));
    if (backslashed) {
      // A character that was escaped is text, but GitHub's additions see it all the same.
      text += /[@:#$.]/.test(backslashed[1] ?? '') ? backslashed[1] : '·';
      i += 2;
      continue;
    }
    text += markdown[i];
    i++;
  }
  return { text: text.replace(/&(?:amp|lt);/g, '·'), codes };
};

/** Whatever GitHub makes something of, outside of code. */
const acts = [
  /@/,
  /:\/\//,
  /www\./i,
  /#\d/,
  /(?<![a-z0-9])GH-\d/i,
  /(?<!\d):[a-z0-9_+-]+:/i,
  /\$/,
  /</,
  /&/,
  /[[\]]/,
  /[*_~`|]/,
  /\n/,
  /mailto:/i,
];

const text = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...[
          '@octo',
          '_',
          '__',
          '@octo/ml',
          'a@b.com',
          'https://evil.example',
          'www.evil.example',
          '#12',
          'octo/churn#3',
          'GH-4',
        ],
        ...['[x](javascript:a)', '![](https://a.b/c.png)', '<img src=x onerror=y>', '<!--', '-->', '&lt;', '| a | b |'],
        ...[
          '`',
          '``',
          '```',
          ' ` ',
          '\\',
          '\\`',
          '\n',
          '\n\n# h',
          '- ',
          '1. ',
          '> ',
          '$$x$$',
          ':tada:',
          '**',
          '__',
          '~~',
        ],
        ...['mailto:a@b.c', '\u202e', ' ', 'text', '0123456789abcdef0123456789abcdef01234567', '\\|', '|'],
      ),
      fc.string({ maxLength: 4 }),
    ),
    { maxLength: 10 },
  )
  .map((parts) => parts.join(''));

describe('foreign text in Markdown', () => {
  it('calls nobody, links nowhere, closes nothing', () => {
    fc.assert(
      fc.property(text, (foreign) => {
        const { text: seen } = rendered(prose(foreign));
        for (const act of acts) expect(seen).not.toMatch(act);
        expect(prose(foreign)).not.toMatch(/^\s*(#|>|=|[+-]\s|\d+[.)]\s)/);
      }),
      { numRuns: 5000 },
    );
  });

  it('is one cell of a table, also as code', () => {
    fc.assert(
      fc.property(text, (foreign) => {
        for (const cell of [prose(foreign), code(foreign)]) expect(cell).not.toMatch(/(?<!\\)(?:\\\\)*\||\n/);
      }),
      { numRuns: 3000 },
    );
  });

  it('is wholly code where it is code', () => {
    fc.assert(
      fc.property(text, (foreign) => {
        const { text: seen } = rendered(code(foreign));
        expect(seen.replace(/·/g, '')).toBe('');
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    ['approved by @mina, see octo/churn#12', 'approved by `@mina,` see `octo/churn#12`'],
    ['5xx_rate > 1 % [high]', '5xx\\_rate > 1 % \\[high\\]'],
    ['## big', '\\## big'],
    ['- item', '\\- item'],
    ['1. first', '1\\. first'],
    ['1.4.0', '1.4.0'],
    ['12:30:00Z', '12:30:00Z'],
    ['say `@x`', 'say `` `@x` ``'],
    ['a\n\nb', 'a b'],
    ['<details>', '&lt;details>'],
    ['gnp\u202e.exe', 'gnp\\\\u202e.exe'],
  ])('%j stays readable', (foreign, markdown) => {
    expect(prose(foreign)).toBe(markdown);
  });

  it('has backticks and bars in code', () => {
    expect(code('a`b``c')).toBe('```a`b``c```');
    expect(code('`x')).toBe('`` `x ``');
    expect(code('a|b')).toBe('`a`\\|`b`');
    expect(code('a\nb')).toBe('`a\\nb`');
  });

  it('links to web addresses alone', () => {
    expect(link('The run', 'https://github.com/octo/churn/actions/runs/7')).toBe(
      '[The run](https://github.com/octo/churn/actions/runs/7)',
    );
    expect(link('The run', 'https://a.example/x)[y](https://b.example')).not.toMatch(/\)\[|\]\(.*\]\(/);
    expect(link('The run', 'javascript:alert(1)')).toBe('The run: `javascript:alert(1)`');
  });
});
