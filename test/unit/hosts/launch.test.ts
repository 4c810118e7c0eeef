import { mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { launch } from '../../../src/hosts/launch.ts';
import { wallClock } from '../../../src/hosts/wall-clock.ts';
import type { ProgramEnd } from '../../../src/world.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'launch-'));
});
afterEach(() => rmSync(root, { recursive: true }));

interface Options {
  readonly variables?: Readonly<Record<string, string>>;
  readonly timeoutSeconds?: number;
  readonly junit?: string;
  readonly signal?: AbortSignal;
  readonly onLine?: (line: string) => unknown;
}

const run = async (
  argv: readonly string[],
  { variables = {}, timeoutSeconds = 60, junit, signal = new AbortController().signal, onLine }: Options = {},
): Promise<ProgramEnd & { readonly lines: readonly string[] }> => {
  const lines: string[] = [];
  const end = await launch({ argv, variables, timeoutSeconds, ...(junit === undefined ? {} : { junit }) }, signal, {
    root,
    clock: wallClock,
    say: (line) => {
      lines.push(line);
      onLine?.(line);
    },
  });
  expect(lines[0]).toMatch(/^\$ /);
  return { ...end, lines: lines.slice(1) };
};

const node = (code: string): readonly string[] => [process.execPath, '-e', code];
/** A shell that starts another one, which writes its number and would live for a minute. */
const withChild = [
  '/bin/sh',
  '-c',
  'sh -c "echo \\$\\$ > child; exec sleep 60" & while [ ! -s child ]; do sleep 0.02; done; echo READY; wait',
];
const isAlive = (): boolean => {
  try {
    process.kill(Number(readFileSync(join(root, 'child'), 'utf8')), 0);
    return true;
  } catch {
    return false;
  }
};
/** A killed process is there until its parent has noticed. */
const dies = async (): Promise<void> => {
  while (isAlive()) await wallClock.sleepUntil(wallClock.now() + 10);
};

describe('a program', () => {
  test('runs in the checkout with its variables alone, without a shell', async () => {
    const end = await run(
      [
        ...node(
          'console.log(process.cwd()); console.log(process.argv[1]); console.log(Object.keys(process.env).sort().join())',
        ),
        '$HOME; echo *',
      ],
      { variables: { ONE: '1', TWO: '2' } },
    );
    expect(end).toMatchObject({ how: { is: 'exited', code: 0 }, lastLine: 'ONE,TWO' });
    expect(end.lines).toEqual([root, '$HOME; echo *', 'ONE,TWO']);
  });

  test('ends with its code and its last line, of whichever stream', async () => {
    const end = await run(node('console.log("a"); console.error("1 failed\\n\\n"); process.exitCode = 3'));
    expect(end.how).toEqual({ is: 'exited', code: 3 });
    expect([...end.lines].sort()).toEqual(['', '', '1 failed', 'a']);
    expect(['a', '1 failed']).toContain(end.lastLine);
  });

  test('that ends by a signal says which', async () => {
    expect((await run(node('process.kill(process.pid, "SIGKILL")'))).how).toEqual({ is: 'killed', by: 'SIGKILL' });
  });

  test.each([
    ['that does not exist', ['no-such-program-here'], 'ENOENT'],
    ['that may not be executed', ['./data'], 'EACCES'],
  ])('%s does not start', async (_name, argv, code) => {
    writeFileSync(join(root, 'data'), 'text', { mode: 0o644 });
    expect((await run(argv, { variables: { PATH: '/usr/bin' } })).how).toEqual({ is: 'not-started', code });
  });

  test('out of time is ended with all that it started', async () => {
    const end = await run(withChild, { timeoutSeconds: 1 });
    expect(end).toMatchObject({ how: { is: 'timed-out' }, lastLine: 'READY' });
    await dies();
  });

  test('that ended in time is not late for a daemon of it, which keeps the output open beyond the time', async () => {
    const daemon =
      'require("node:child_process").spawn("sleep", ["15"], { detached: true, stdio: "inherit" }); process.exit(0)';
    const end = await run(node(daemon), { timeoutSeconds: 10, variables: { PATH: '/usr/bin:/bin' } });
    expect(end.how).toEqual({ is: 'exited', code: 0 });
  });

  test('that does not end when it should is killed', async () => {
    const end = await run(['/bin/sh', '-c', 'trap "" TERM; echo $$ > child; while :; do sleep 0.1; done'], {
      timeoutSeconds: 1,
    });
    expect(end.how).toEqual({ is: 'timed-out' });
    await dies();
  });

  test('of a run that is cancelled is ended with all that it started', async () => {
    const cancelled = new AbortController();
    const end = await run(withChild, {
      signal: cancelled.signal,
      onLine: (line) => line === 'READY' && cancelled.abort(),
    });
    expect(end.how).toEqual({ is: 'killed', by: 'SIGTERM' });
    await dies();
  });

  test('of a run that was cancelled before does not start', async () => {
    const end = await run(node('require("fs").writeFileSync("ran", "")'), { signal: AbortSignal.abort() });
    expect(end.how.is).toBe('killed');
    expect(() => statSync(join(root, 'ran'))).toThrow();
  });

  test('that leaves a server behind does not hold the run', async () => {
    const end = await run([
      '/bin/sh',
      '-c',
      'sh -c "echo \\$\\$ > child; exec sleep 60" & while [ ! -s child ]; do sleep 0.02; done; echo done',
    ]);
    expect(end).toMatchObject({ how: { is: 'exited', code: 0 }, lastLine: 'done' });
    await dies();
  });

  test('prints lines without the sequences of a terminal, and none without an end', async () => {
    const end = await run(
      node('process.stdout.write("\\u001b[31mred\\u001b[0m\\r\\none\\rtwo\\n" + "x".repeat(3000000) + "\\nü" )'),
    );
    expect(end.lines).toEqual(['red', 'one', 'two', 'x'.repeat(2000), 'ü']);
  });

  test('prints into the log up to a limit, and its last line counts anyway', async () => {
    const end = await run(node('for (let i = 0; i < 20000; i++) console.log("line " + i + " ".repeat(40) + ".")'));
    const shown = end.lines.join('\n').length;
    expect(shown).toBeGreaterThan(250_000);
    expect(shown).toBeLessThan(270_000);
    expect(end.lines.at(-1)).toBe('(what it prints beyond 256 kB is not shown)');
    expect(end.lastLine).toMatch(/^line 19999 /);
  });
});

describe('the report that a program is to write', () => {
  const junit = 'results.xml';
  const path = (): string => join(root, junit);
  const text = '<testsuite><testcase name="a"/></testsuite>';
  const cases = { is: 'read', cases: [{ name: 'a', verdict: 'pass' }] };
  const write = `require("fs").writeFileSync("results.xml", ${JSON.stringify(text)})`;

  test('is read when the program wrote it', async () => {
    expect((await run(node(write), { junit })).report).toEqual(cases);
  });

  test('of an earlier run is none, and stays', async () => {
    writeFileSync(path(), text);
    expect((await run(node('0'), { junit })).report).toEqual({ is: 'none', because: 'it wrote no results.xml' });
    expect(readFileSync(path(), 'utf8')).toBe(text);
  });

  test('with the same text and the same time as before is a new one', async () => {
    writeFileSync(path(), text);
    utimesSync(path(), 1_700_000_000, 1_700_000_000);
    const { report } = await run(node(`${write}; require("fs").utimesSync("results.xml", 1700000000, 1700000000)`), {
      junit,
    });
    expect(report).toEqual(cases);
  });

  test('of a program that failed is read, too', async () => {
    expect(await run(node(`${write}; process.exitCode = 1`), { junit })).toMatchObject({
      how: { is: 'exited', code: 1 },
      report: cases,
    });
  });

  test.each([
    ['not there', '0', /^it wrote no results\.xml$/],
    ['no report', 'require("fs").writeFileSync("results.xml", "ok")', /^results\.xml is not XML: /],
    ['too large', 'require("fs").writeFileSync("results.xml", "x".repeat(9 * 1024 * 1024))', /larger than 8 MB/],
    ['outside of the checkout', 'require("fs").symlinkSync("/etc/hostname", "results.xml")', /is not in/],
    ['a folder', 'require("fs").mkdirSync("results.xml")', /is not a file/],
  ])('that is %s is none', async (_name, code, because) => {
    expect((await run(node(code), { junit })).report).toEqual({
      is: 'none',
      because: expect.stringMatching(because),
    });
  });
});
