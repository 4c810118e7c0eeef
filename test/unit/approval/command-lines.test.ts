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
    ['below a hidden part', '<!-- x -->\n/approve', [approve]],
    ['below a line with a fence in a span of code', '`` ``` `` fences\n/approve', [approve]],
    ['twice', '/approve\n/reject no', [approve, { is: 'reject', words: 'no' }]],
  ])('counts %s', (_name, body, found) => expect(commandLinesIn(body)).toEqual(found));

  it.each([
    ['in a quotation', '> /approve'],
    ['in a line that continues a quotation', '> is it good?\n/approve'],
    ['in a quotation of HTML', '<blockquote>\n/approve\n\n/approve\n</blockquote>'],
    ['in a block of code', '```\n/approve\n```'],
    ['in a block of code that another fence does not end', '```\n~~~\n/approve\n```'],
    ['in a block of code without an end', '~~~text\n\n/approve'],
    ['in an indented block', '    /approve'],
    ['in a span of code', '`/approve`'],
    ['in a span of code over several lines', '`a\n/approve\nb`'],
    ['in a block of HTML', '<pre>\n\n/approve\n</pre>'],
    ['in a hidden part', '<!--\n/approve\n\n/approve\n-->'],
    ['in a hidden part of a sentence', 'so it is <!-- \n/approve\n--> done'],
    ['in a hidden part without an end', '<!-- x\n\n/approve'],
    ['in the middle of a line', 'please /approve'],
    ['with more letters', '/approved'],
    ['with a word that looks alike', '/appr\u043eve'],
    ['without its slash', 'approve'],
  ])('does not count %s', (_name, body) => expect(commandLinesIn(body)).toEqual([]));
});
