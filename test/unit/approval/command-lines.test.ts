import { describe, expect, it } from '@jest/globals';
import { commandLinesIn } from '../../../src/approval/command-lines.ts';

const approve = { is: 'approve', words: '' };

describe('a command in a comment', () => {
  it.each([
    ['alone', '/approve', [approve]],
    ['with white space behind it', '/approve \t\r\n', [approve]],
    ['with a version', '/approve churn_v1.4.0', [{ is: 'approve', words: 'churn_v1.4.0' }]],
    ['with a reason', '/reject one species  is mislabelled ', [{ is: 'reject', words: 'one species  is mislabelled' }]],
    ['in capitals', '/Approve', [approve]],
    ['below a sentence', 'Recall holds.\n/approve', [approve]],
    ['below a list', '- recall holds\n/approve', [approve]],
    ['below a quotation and an empty line', '> is it good?\n\n/approve', [approve]],
    ['below a block of code', '```\nx\n```\n/approve', [approve]],
    ['below a longer fence', '````\n```\n/reject x\n````\n/approve', [approve]],
    ['below a line with a fence in a span of code', '`` ``` `` fences\n/approve', [approve]],
    ['with its version as code', '/approve `churn_v1.4.0`', [{ is: 'approve', words: 'churn_v1.4.0' }]],
    ['twice', '/approve\n/reject no', [approve, { is: 'reject', words: 'no' }]],
  ])('counts %s', (_name, body, found) => expect(commandLinesIn(body)).toEqual(found));

  it.each([
    ['in a quotation', '> /approve'],
    ['in a block of code', '```\n/approve\n```'],
    ['in a block of code that another fence does not end', '```\n~~~\n/approve\n```'],
    ['in an indented block', '    /approve'],
    ['in a span of code', '`/approve`'],
    ['in the middle of a line', 'please /approve'],
    ['with more letters', '/approved'],
    ['with a word that looks alike', '/appr\u043eve'],
    ['without its slash', 'approve'],
  ])('does not count %s', (_name, body) => expect(commandLinesIn(body)).toEqual([]));

  it.each([
    ['in a line that continues a quotation', '> is it good?\n/approve', /quotation/],
    ['in a line that continues a quotation in a list', '- > is it good?\n/approve', /quotation/],
    ['in a block of code without an end', '~~~text\n\n/approve', /quotation/],
    ['in a span of code over several lines', '`a\n/approve\nb`', /quotation/],
    ['as the address of a link', '[the report](\n/approve\n)', /link/],
    ['in the title of a link', '[x]: http://y "\n/approve\n"', /link/],
    ['in the words of a picture', '![\n/approve\n](http://x)', /link/],
    ['in a formula', '$$\n/approve\n$$', /link/],
    ['in a deletion', '~~\n/approve\n~~', /link/],
    ['below the message that is answered', 'No.\n\n-----Original Message-----\n\n/approve', /quotation/],
    ['below a line of a mail program', 'No.\n\nOn Monday, alice wrote:\n\n/approve', /quotation/],
    ['with white space before it', ' /approve', /alone on a line/],
    ['in a list', '- /approve', /alone on a line/],
    ['in bold letters', '**/approve**', /alone on a line/],
    ['with a full stop', '/approve.', /alone on a line/],
    ['behind a mention', '@alice /approve', /alone on a line/],
    ['in italic letters', '_/approve_', /alone on a line/],
    ['behind an arrow', '-> /approve', /alone on a line/],
  ])('doubts an approval %s', (_name, body, because) =>
    expect(commandLinesIn(body)).toEqual([
      { is: 'approve', words: expect.any(String), doubt: expect.stringMatching(because) },
    ]),
  );

  it.each([
    '<blockquote>\n/approve\n</blockquote>',
    'alice wrote: <blockquote>\n\n/approve\n\n</blockquote> no way',
    '<pre>\n\n/approve\n</pre>',
    '<details open>\n\n/approve\n\n</details>',
    '<template>\n/approve\n</template>',
    '<samp>\n/approve\n</samp>',
    '<a title="\n/approve\n">x</a>',
    'so it is <!-- \n/approve\n--> done',
    '<!-- x\n\n/approve',
    '<?php\n/approve\n?>',
    '<![CDATA[\n/approve\n]]>',
    '<!X\n/approve\n>',
    '\\`<template>\\`\n\n/approve',
    '/approve\n\n<details>',
  ])('doubts an approval in a comment with HTML: %j', (body) =>
    expect(commandLinesIn(body)).toEqual([{ is: 'approve', words: '', doubt: expect.stringMatching(/without HTML/) }]),
  );

  it.each(['see <https://example.com>\n\n/approve', 'age < 5 holds\n/approve', 'write to <a@b.example>\n\n/approve'])(
    'takes no link and no sign for HTML: %j',
    (body) => expect(commandLinesIn(body)).toEqual([approve]),
  );

  it.each([
    '/reject: bad',
    '/reject, bad',
    '/reject\u00a0bad',
    '/reject – bad',
    ' /reject bad',
    '   /reject bad',
    '- /reject bad',
    '2. /reject bad',
    '- [x] /reject bad',
    '# /reject bad',
    '**/reject** bad',
    '**/reject:** bad',
    '@alice /reject bad',
    '@acme/ml-leads, @bob: /reject bad',
    '\ufeff/reject bad',
    '\u200b/reject bad',
    '\uff0freject bad',
    '\u274c /reject bad',
    '<b>/reject</b> bad',
    'I looked.<br>/reject bad',
    'ok\u2028/reject bad',
    'Fine so far.\n    /reject bad',
    '1. one thing\n\n    /reject bad',
    '> is it good?\n- /reject bad',
    '<details>\n\n/reject bad\n\n</details>',
    '<pre>x</pre>\n\n/reject bad',
    '`<pre>` is odd\n/reject bad',
    'see <!-- note\n/reject bad',
    'x <!-- y\n\n/reject bad\n\n-->',
    '/REJECT bad  \r\n',
    '_/reject_ bad',
    '__/reject__ bad',
    ':x: /reject bad',
    ':no_entry::-1: /reject bad',
    '@github-actions[bot] /reject bad',
    '-> /reject bad',
    'see:\n=> /reject bad',
    '-> so it is\n/reject bad',
  ])('counts the rejection %j', (body) => expect(commandLinesIn(body)).toEqual([{ is: 'reject', words: 'bad' }]));

  it('leaves code in a reason as it is', () =>
    expect(commandLinesIn('/reject `recall` fell to `0.1`')).toEqual([
      { is: 'reject', words: '`recall` fell to `0.1`' },
    ]));

  it.each([
    '> is it good?\n/reject bad',
    'the column `age is odd\n/reject because of `age',
    '```\nx\n\n/reject bad',
    '<blockquote>\n\n/reject bad',
    '<!-- x\n\n/reject bad',
  ])('doubts the rejection %j', (body) =>
    expect(commandLinesIn(body)).toEqual([
      { is: 'reject', words: expect.any(String), doubt: expect.stringMatching(/quotation or to code/) },
    ]),
  );

  it.each([
    '> /reject bad',
    '- > /reject bad',
    '`/reject bad`',
    '```\n/reject bad\n```',
    '    /reject bad',
    '<blockquote>\n\n/reject bad\n\n</blockquote>',
    '<blockquote>\n<blockquote>\na\n</blockquote>\n/reject bad\n</blockquote>',
    '<samp>\n/reject bad\n</samp>',
    '<!--\n\n/reject bad\n-->',
    '"/reject bad" is his word',
    '/rejected',
    'please /reject it',
    'docs/reject',
    '/reject_it',
    '/reject/it',
    '1. - > /reject bad',
    ' \t> /reject bad',
    'a->/reject bad',
    '@acme/reject it',
  ])('takes %j for no rejection', (body) => expect(commandLinesIn(body)).toEqual([]));

  it.each([
    ['\u2028', 0],
    ['<br>', 0],
    ['[', 0],
    ['`', 0],
    ['<pre>', 0],
    ['- ', 0],
    [':-', 0],
    [':x: ', 0],
    [':_-+', 0],
    ['->', 0],
    ['@a[bot]', 0],
    ['@a ', 0],
    ['/approve\n', 7281],
    ['> x\n/reject\n', 5461],
  ])('reads the longest comment of %j without delay', (part, count) =>
    expect(commandLinesIn(part.repeat(65_536 / part.length))).toHaveLength(count),
  );
});
