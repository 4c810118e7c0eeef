import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type CommandLine, runCommand } from '../../../../src/hosts/command-line/command-line.ts';
import { Refusal } from '../../../../src/operation.ts';
import { countingOperation } from '../../../support/fake-operation.ts';
import { fakeSession } from '../../../support/fake-world.ts';
import { virtualClock } from '../../../support/virtual-clock.ts';

const pending = new Promise<void>(() => {});

const terminal = () => {
  const out: string[] = [];
  const err: string[] = [];
  return { out, err, terminal: { out: (text: string) => out.push(text), err: (text: string) => err.push(text) } };
};

const run = async (
  args: readonly string[],
  behaviour: Parameters<typeof countingOperation>[1] = {},
  overrides: Partial<CommandLine> = {},
  preset: Readonly<Record<string, string>> = {},
) => {
  const { out, err, terminal: to } = terminal();
  const operation = countingOperation({ count: 0, mutations: [] }, behaviour);
  const code = await runCommand(
    'count',
    operation,
    args,
    {
      env: {},
      terminal: to,
      cancellation: { signal: new AbortController().signal, outOfTime: pending },
      seams: { openSession: fakeSession(), clock: virtualClock() },
      ...overrides,
    },
    preset,
  );
  return { code, out: out.join('\n'), err: err.join('\n') };
};

describe('the command line', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'command-line-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('prints plan, changes and result for people', async () => {
    const { code, out, err } = await run(['--subject', 'sheep']);
    expect(code).toBe(0);
    expect(err).toBe('');
    expect(out).toContain('count to three\n  update count\n           0 → 3\n  note: counting is safe');
    expect(out).toContain('2026-01-05T09:02:00Z   90 %  counted 3 sheep');
    expect(out).toContain(
      'count: succeeded/delivered\n  counted sheep\n  counted: 3\n  last-subject: arn:aws:sagemaker:',
    );
  });

  it('shows where it is now while it waits, and nothing once it has ended or is cancelled', async () => {
    const shown: (string | undefined)[] = [];
    const watched = (): Partial<CommandLine> => ({
      terminal: { ...terminal().terminal, live: (_, text) => shown.push(text?.()) },
    });
    await run(['--subject', 'sheep'], {}, watched());
    expect(shown).toContain(' 90 % · at most 5h 28m · counted 3 sheep');
    expect(shown.at(-1)).toBeUndefined();
    shown.length = 0;
    const cancel = new AbortController();
    await run(
      ['--subject', 'sheep'],
      { before: (turn) => turn === 3 && cancel.abort(), abort: () => expect(shown.at(-1)).toBeUndefined() },
      { ...watched(), cancellation: { signal: cancel.signal, outOfTime: pending } },
    );
    expect(shown.filter((text) => text !== undefined)).not.toHaveLength(0);
    expect.assertions(4);
  });

  it.each([
    ['a shell', {}, 'arn:aws:sagemaker:eu-west-1:111122223333:endpoint/churn'],
    ['a shell that says it is no CI', { CI: 'false' }, 'arn:aws:sagemaker:eu-west-1:111122223333:endpoint/churn'],
    ['a `run:` step of GitHub', { GITHUB_ACTIONS: 'true', CI: 'true' }, 'endpoint/churn'],
    ['CodeBuild', { CODEBUILD_BUILD_ID: 'project:1' }, 'endpoint/churn'],
    ['any CI', { CI: '1' }, 'endpoint/churn'],
  ])('shows ARNs and accounts to the one who reads, in %s', async (_, env, shown) => {
    const text = await run(['--subject', 'sheep'], {}, { env });
    expect(text.out).toContain(`  last-subject: ${shown}`);
    expect(text.out + text.err).not.toMatch(/::|\*\*\*|<account>/);
    const { out } = await run(['--subject', 'sheep', '--json'], {}, { env });
    expect(JSON.parse(out)).toMatchObject({ outputs: { 'last-subject': shown } });
  });

  it('prints nothing but JSON on standard output with --json', async () => {
    const { code, out, err } = await run(['--subject=sheep', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ outcome: 'succeeded', outputs: { counted: '3' } });
    expect(err).toContain('counted 3 sheep');
  });

  it.each([
    [['--subject', 'Sheep'], 'subject: "Sheep" is not allowed'],
    [[], 'subject is required'],
    [['--subjet', 'sheep'], '--subjet is not an option; did you mean --subject?'],
    [['--subject'], '--subject needs a value'],
    [['--subject', '--json'], '--subject needs a value'],
    [['sheep'], '"sheep" is not expected here'],
    [['--subject', 'sheep', '--loud=perhaps'], 'loud: "perhaps" is not a boolean'],
  ])('answers %j with one error and exit code 2', async (args, message) => {
    const { code, out, err } = await run(args);
    expect(code).toBe(2);
    expect(out + err).toContain(message);
  });

  it.each([
    ['not-approved', 1],
    ['wrong-account', 2],
    ['approval-pending', 3],
  ] as const)('exits after %s with %i', async (reason, expected) => {
    const { code } = await run(['--subject', 'sheep'], {
      before: () => {
        throw new Refusal(reason, 'no');
      },
    });
    expect(code).toBe(expected);
  });

  it('understands booleans the way workflows write them', async () => {
    expect((await run(['--subject', 'sheep', '--wait=false'])).code).toBe(3);
    expect((await run(['--subject', 'sheep', '--no-wait'])).out).toContain('resume-token: {"v":1,"seen":1}');
    expect((await run(['--subject', 'sheep', '--dry-run=true'])).out).toContain('succeeded/planned');
    expect((await run(['--subject', 'sheep', '--dry-run=false'])).out).toContain('succeeded/delivered');
    expect((await run(['--subject', 'sheep', '--dry-run', 'false'])).out).toContain('succeeded/delivered');
    expect((await run(['--dry-run', 'False', '--subject', 'sheep'])).out).toContain('succeeded/delivered');
    expect((await run(['--dry-run', 'TRUE', '--subject', 'sheep'])).out).toContain('succeeded/planned');
  });

  it('does not offer what a command presets', async () => {
    const preset = { 'dry-run': 'true' };
    expect((await run(['--subject', 'sheep'], {}, {}, preset)).out).toContain('succeeded/planned');
    expect((await run(['--subject', 'sheep', '--dry-run'], {}, {}, preset)).out).toContain('succeeded/planned');
    expect(await run(['--subject', 'sheep', '--no-dry-run'], {}, {}, preset)).toMatchObject({
      code: 2,
      err: 'count: --dry-run is not an option of count: it is always true here',
    });
  });

  it('writes JUnit, a page, and variables that a shell can read', async () => {
    const [junit, page, variables] = ['report.xml', 'report.html', 'outputs.env'].map((name) => join(folder, name));
    const files = ['--junit', junit, '--html', page, '--exported-variables', variables].map(String);
    await run(['--subject', 'sheep', ...files], {}, { env: { CI: 'true' } });
    expect(readFileSync(String(page), 'utf8')).toContain('<h1>deploy-endpoint: succeeded</h1>');
    expect(readFileSync(String(variables), 'utf8')).toBe(
      "COUNTED='3'\nLAST_SUBJECT='endpoint/churn'\nOUTCOME='succeeded'\nREASON_CODE='delivered'\n",
    );
    expect(readFileSync(String(junit), 'utf8')).toContain(
      '<testcase classname="model-delivery" name="deploy-endpoint" time="180.000">',
    );
  });

  it("writes the operation's own files, and warns where a run has no content for them", async () => {
    const tally = join(folder, 'tally');
    expect(await run(['--subject', 'sheep', '--tally', tally])).toMatchObject({ code: 0, err: '' });
    expect(readFileSync(tally, 'utf8')).toBe('3\n');
    const { err } = await run(['--subject', 'sheep', '--dry-run', '--tally', join(folder, 'other')]);
    expect(err).toMatch(
      /^warning: .*other could not be written: the run ended succeeded\/planned, which has no tally$/m,
    );
    expect(existsSync(join(folder, 'other'))).toBe(false);
  });

  it('warns about a file it cannot write, and ends as it would have', async () => {
    const missing = join(folder, 'missing', 'report');
    const { code, err } = await run(['--subject', 'sheep', '--junit', `${missing}.xml`, '--html', `${missing}.html`]);
    expect(code).toBe(0);
    for (const name of ['xml', 'html'])
      expect(err).toMatch(new RegExp(`^warning: ${missing}\\.${name} could not be written: .*ENOENT`, 'm'));
  });

  it('is red when outputs that the next command reads could not be written, and says how the delivery ended', async () => {
    const variables = join(folder, 'missing', 'outputs.env');
    const { code, out, err } = await run(['--subject', 'sheep', '--exported-variables', variables]);
    expect(code).toBe(1);
    expect(out).toContain('count: succeeded/delivered');
    expect(err).toMatch(/outputs\.env could not be written: .*ENOENT/);
    expect(err).toContain('the delivery itself ended succeeded/delivered');
    const pendingToo = ['--subject', 'sheep', '--wait=false', '--exported-variables', variables];
    expect((await run(pendingToo)).code).toBe(1);
    expect((await run(['--subject', 'S', '--exported-variables', variables])).code).toBe(2);
  });

  it('is red when its JSON could not be written', async () => {
    const reported: string[] = [];
    const terminal = {
      out: () => {},
      err: (text: string) => reported.push(text),
      outFault: async () => new Error('ENOSPC: no space left on device'),
    };
    expect((await run(['--subject', 'sheep', '--json'], {}, { terminal })).code).toBe(1);
    expect(reported.at(-1)).toContain('the JSON on standard output could not be written: ENOSPC');
    expect((await run(['--subject', 'sheep'], {}, { terminal })).code).toBe(0);
  });

  it.each([
    ['out', 0],
    ['json', 1],
  ])('survives a disk that is full (%s), as a process', async (how, expected) => {
    const full = openSync('/dev/full', 'w');
    const child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', 'test/support/full-terminal.ts', how],
      {
        stdio: ['ignore', full, 'pipe'],
      },
    );
    let reported = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      reported += chunk.toString();
    });
    const code = await new Promise((end) => child.on('close', end));
    closeSync(full);
    expect(reported).not.toContain('node:events');
    expect(reported).toContain('ended succeeded/delivered');
    expect(code).toBe(expected);
  });

  it('says what was going on when time runs out', async () => {
    const { code, out } = await run(
      ['--subject', 'sheep'],
      {},
      {
        seams: { clock: virtualClock(), openSession: () => new Promise(() => {}) },
        cancellation: { signal: AbortSignal.abort(), outOfTime: Promise.resolve() },
      },
    );
    expect(code).toBe(1);
    expect(out).toContain('cancelled/cancelled');
  });
});
