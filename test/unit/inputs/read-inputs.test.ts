import { describe, expect, it } from '@jest/globals';
import { commonInputs, jobInputs } from '../../../src/inputs/common-inputs.ts';
import { readInputs } from '../../../src/inputs/read-inputs.ts';
import { readMemory, writeMemory } from '../../../src/memory.ts';
import { durationField, file, flag, optional, text } from '../../../src/schema.ts';

const schema = {
  subject: text({ description: 'What is counted.' }),
  packageVersion: optional(text({ description: 'Which.' })),
  wait: flag({ description: 'Wait.', default: true }),
  timeout: durationField({ description: 'How long.', default: '5m' }),
};
const reading = (written: Record<string, string>) => readInputs(schema, (name) => written[name]);

describe('readInputs', () => {
  it('fills in defaults, takes an empty text for none, and spells names as users do', () => {
    expect(reading({ subject: 'sheep', 'package-version': '7', wait: '' })).toEqual({
      subject: 'sheep',
      packageVersion: '7',
      wait: true,
      timeout: 300,
    });
    expect(reading({ subject: 'sheep', 'package-version': '' }).packageVersion).toBeUndefined();
  });

  it('refuses an empty text where it would be another request', () => {
    const about = { rejected: { ...optional(text({ description: 'Which.' })), refusesEmpty: 'leave it out' } };
    expect(readInputs(about, () => undefined).rejected).toBeUndefined();
    for (const empty of ['', ' ', '\n'])
      expect(() => readInputs(about, () => empty)).toThrow('rejected: is empty; leave it out');
  });

  it.each(['0s', '0m', '00h'])('refuses the timeout %s, in which no run begins', (timeout) => {
    for (const field of [commonInputs.timeout, jobInputs.timeout])
      expect(() => readInputs({ timeout: field }, () => timeout)).toThrow(
        `timeout: "${timeout}" leaves the run no time to begin`,
      );
  });

  it('names every input that is wrong at once', () => {
    expect(() => reading({ wait: 'maybe' })).toThrow(
      'subject is required: What is counted.\nwait: "maybe" is not a boolean; expected true or false',
    );
  });

  it('gives a file field the text and the path, and names the file that is missing', () => {
    const withFile = { policy: file({ description: 'The policy.', parse: (content, path) => ({ content, path }) }) };
    const path = 'test/unit/inputs/read-inputs.test.ts';
    expect(readInputs(withFile, () => path).policy).toEqual({ path, content: expect.stringContaining('describe(') });
    expect(() => readInputs(withFile, () => 'missing.yml')).toThrow(
      `policy: cannot read "missing.yml": there is no such file in ${process.cwd()} (ENOENT)`,
    );
  });
});

describe('memory as text', () => {
  it('goes there and back', () => {
    const memory = { v: 1, phase: 'supervising' } as const;
    expect(readMemory(writeMemory(memory), 'resume-token')).toEqual(memory);
    const dated = { v: 1, release: 'churn-202601011200-1.4.0' } as const;
    expect(readMemory(writeMemory(dated, '111122223333'), 'resume-token')).toEqual(dated);
  });

  it('has the id of the account in the name of an endpoint, and leaves without it', () => {
    const own = { v: 1, release: 'churn-111122223333-1.4.0-aaaaaaaa-1' } as const;
    const text = writeMemory(own, '111122223333');
    expect(text).not.toContain('1111');
    expect(readMemory(text, 'resume-token', '111122223333')).toEqual(own);
    expect(() => writeMemory({ v: 1, role: 'arn:aws:iam::111122223333:role/x' } as never, '111122223333')).toThrow(
      'memory contains an ARN',
    );
  });

  it.each(['', '{', 'null', '7', '{"v":2}', '[]'])('refuses %j', (token) => {
    expect(() => readMemory(token, 'resume-token')).toThrow('resume-token: not a token that this version wrote');
  });
});
